/** An API key as it is kept: all but its secret. Pure. */
import { z } from "zod";
import { roles } from "./rules.ts";

const schema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** SHA-256 of the secret, hex. */
  hash: z.string(),
  role: z.enum(roles),
  groups: z.array(z.string()),
  createdBy: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number().optional(),
  revokedAtMs: z.number().optional(),
});

/** See the head of this file. Times in ms since 1970. */
export type KeyRecord = z.output<typeof schema>;

/** Why a key may not be used now; undefined: it may. */
export function reasonAgainstKey({ expiresAtMs, revokedAtMs }: KeyRecord, nowMs: number): string | undefined {
  if (revokedAtMs !== undefined) return "it is revoked";
  return expiresAtMs !== undefined && nowMs >= expiresAtMs ? "it has expired" : undefined;
}

/** As text for the store. */
export function keyText(record: KeyRecord): string {
  return JSON.stringify(record);
}

/** Reads what {@link keyText} made; throws what is no such text. */
export function readKey(text: string): KeyRecord {
  return schema.parse(JSON.parse(text));
}
