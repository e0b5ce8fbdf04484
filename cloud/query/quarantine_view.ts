/** What was kept aside, as people look at it: everything but the bytes; and what came of a decision. Pure. */
import type { QuarantineAnswer } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { problemOf } from "#proto/base/problem.ts";
import { Fault, isCode } from "#proto/errors.ts";
import { parseVehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { type JsonValue, parseJson, stringifyJson } from "#proto/json.ts";
import type { Range } from "#proto/ranges.ts";
import { quarantineId } from "../lib/store/quarantine_documents.ts";
import { type QuarantineCount, type QuarantineEntry, quarantineStates } from "../lib/store/quarantine_entry.ts";

/** One batch that was kept aside. */
export interface QuarantineView {
  /** Names it in further requests. */
  readonly id: string;
  readonly epoch: string;
  readonly class: string;
  readonly ranges: readonly Range[];
  readonly code: string;
  readonly reason: string;
  /** Where it stands in the log. */
  readonly place: QuarantineEntry["place"];
  readonly relay: string;
  /** When the relay took it, nanoseconds since 1970. */
  readonly received_at: string;
  /** Size of the batch. */
  readonly bytes: number;
  readonly state: string;
  readonly tries: number;
  /** When it was retried or dropped last, nanoseconds since 1970; null when it never was. */
  readonly decided_at: string | null;
}

/** Shows an entry. */
export function quarantineView(entry: QuarantineEntry): QuarantineView {
  const { ranges, code, reason, place, relay, bytes, state, tries } = entry;
  return {
    id: quarantineId(entry),
    epoch: entry.epoch.toString(),
    class: entry.class,
    ranges,
    code,
    reason,
    place,
    relay,
    received_at: entry.receivedAtNs.toString(),
    bytes,
    state,
    tries,
    decided_at: entry.decidedAtNs === 0n ? null : entry.decidedAtNs.toString(),
  };
}

/** Why it was not done as asked, as a problem document. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** Why it was not done as asked, with the rows that stand in the way; undefined when it was. */
export function refusalOf({ code, reason, different, stored }: QuarantineAnswer): Refusal | undefined {
  if (code === "") return undefined;
  const problem = problemOf(new Fault(isCode(code) ? code : "internal", reason));
  const members: Record<string, JsonValue> = Object.fromEntries(Object.entries(problem));
  if (different.length > 0) {
    members.different = different.map(({ first, last }) => ({ first: Number(first), last: Number(last) }));
    members.stored = stored.map(({ stream, seq, ts, values }) => ({
      stream,
      seq: Number(seq),
      ts: ts.toString(),
      values: parseJson(values),
    }));
  }
  return { status: problem.status, body: stringifyJson(members) };
}

/** A count behind which the next page begins, as callers hand it back. */
export function countCursor({ vehicle, code, state }: QuarantineCount): string {
  return [vehicle, code, state].join(".");
}

/** Reads what {@link countCursor} wrote. Throws `bad_query`. */
export function readCountCursor(text: string): Omit<QuarantineCount, "count"> {
  const [vehicle, code, name, ...more] = text.split(".");
  const state = quarantineStates.find((one) => one === name);
  if (state === undefined || more.length > 0 || !vehicleIdPattern.test(vehicle) || !/^[a-z_]{1,40}$/.test(code)) {
    throw new Fault("bad_query", `Cannot go on from cursor "${text.slice(0, 60)}": it is damaged`, {
      pointer: "/cursor",
    });
  }
  return { vehicle: parseVehicleId(vehicle), code, state };
}
