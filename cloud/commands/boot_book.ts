/**
 * In which boot each vehicle is, and how long it has been up: from its own signed login. So the cloud can say a deadline in
 * the vehicle's uptime, and no clock of the vehicle is trusted. Pure.
 */
import { z } from "zod";
import type { ProvenSession } from "#proto/session_proof.ts";

const schema = z.strictObject({
  /** Hex. */
  boot: z.string(),
  /** Rises with every login of a boot. */
  linkCounter: z.string(),
  uptimeMs: z.number(),
  /** When that was, by the cloud's clock, ms since 1970. */
  atMs: z.number(),
  /** The vehicle's journal of commands, hex; empty while it has said nothing. */
  journal: z.string(),
});

/** What is known of one vehicle. */
export type BootFacts = z.output<typeof schema>;

/** After a login that was proven; undefined when a later one is known. */
export function afterLogin(
  before: BootFacts | undefined,
  { hello, fields }: Pick<ProvenSession, "hello" | "fields">,
  atMs: number,
): BootFacts | undefined {
  const boot = hello.boot.toHex();
  if (before?.boot === boot && BigInt(before.linkCounter) >= fields.linkCounter) return undefined;
  const uptimeMs = Number(fields.uptimeNs / 1_000_000n);
  return { boot, linkCounter: fields.linkCounter.toString(), uptimeMs, atMs, journal: before?.journal ?? "" };
}

/** The vehicle's uptime at a moment of the cloud's clock; never more than it is, for the login took a while to come. */
export function uptimeAt({ uptimeMs, atMs }: BootFacts, nowMs: number): number {
  return uptimeMs + Math.max(0, nowMs - atMs);
}

/** As text for the store. */
export function bootText(facts: BootFacts): string {
  return JSON.stringify(facts);
}

/** Reads what {@link bootText} made; throws what is no such text. */
export function readBoot(text: string): BootFacts {
  return schema.parse(JSON.parse(text));
}
