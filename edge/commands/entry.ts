/**
 * What the journal of commands holds, one entry after another: what a vehicle must still know after a crash. Pure.
 *
 *     journal  who speaks: a new one has forgotten what the one before knew
 *     floor    the lowest generation of signers to believe
 *     stop     whether the vehicle is stopped, and up to which number stops were released
 *     taken    a command or stop that was believed, before any effect
 *     event    what became of it, in the vehicle's words
 *     settled  the cloud has kept the events up to that number
 */
import { z } from "zod";
import { vehicleStates } from "#proto/command_state.ts";

const hex = z.string().regex(/^([0-9a-f]{2})*$/);
const count = z.number().int().min(0);
const bigCount = z.string().regex(/^\d{1,20}$/);

const schema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("journal"), id: hex }),
  z.strictObject({ kind: z.literal("floor"), generation: count }),
  z.strictObject({ kind: z.literal("stop"), latched: bigCount.nullable(), released: bigCount }),
  z.strictObject({
    kind: z.literal("taken"),
    id: z.string(),
    type: z.string(),
    class: z.string(),
    data: z.string(),
    issuer: z.string(),
    sha256: hex,
    boot: hex,
    deadlineMs: z.number(),
  }),
  z.strictObject({
    kind: z.literal("event"),
    id: z.string(),
    number: count,
    state: z.enum(vehicleStates),
    code: z.string(),
    detail: z.string(),
    data: z.string(),
    boot: hex,
    uptimeMs: z.number(),
    atNs: bigCount,
    stopNumber: bigCount,
  }),
  z.strictObject({ kind: z.literal("settled"), id: z.string(), number: count }),
]);

/** One entry. */
export type Entry = z.output<typeof schema>;
/** A command or stop that was believed. */
export type Taken = Extract<Entry, { kind: "taken" }>;
/** A word of the vehicle about one. */
export type EventEntry = Extract<Entry, { kind: "event" }>;

/** Reads an entry; undefined for what is none. */
export function readEntry(text: string): Entry | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // What the checksum let pass and is none was written by another version.
    return undefined;
  }
}
