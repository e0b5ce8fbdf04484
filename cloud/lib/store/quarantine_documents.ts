/**
 * What was kept aside as documents of the store, there and back: two of each batch under the same key, so that lists and
 * counts need not read the bytes.
 */
import { ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Class, TelemetryLane } from "#proto/class.ts";
import { parseEpoch, parseRelayName, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { formatRanges, parseRanges } from "#proto/ranges.ts";
import type { Document, MemberFilter, Tally, TallyQuery } from "./backend.ts";
import { keyPrefix } from "./bookkeeping.ts";
import {
  type KeptAside,
  type QuarantineCount,
  type QuarantineCountQuery,
  type QuarantineEntry,
  type QuarantineQuery,
  type QuarantineState,
  quarantineStates,
} from "./quarantine_entry.ts";

interface QuarantineText {
  readonly epoch: string;
  readonly class: Class;
  readonly ranges: string;
  readonly code: string;
  readonly reason: string;
  readonly lane: TelemetryLane;
  readonly partition: number;
  readonly sequence: number;
  readonly item: number;
  readonly relay: string;
  readonly bytes: number;
  readonly state: QuarantineState;
  readonly tries: number;
  readonly decidedAt: string;
}

/** What tells a vehicle's quarantined batches apart, as a text that fits into a path. */
export function quarantineId(entry: QuarantineEntry): string {
  const { ranges, place } = entry;
  const at = `${place.lane}-${place.partition}-${place.sequence}-${place.item}`;
  const span = `${ranges[0]?.first ?? 0}-${ranges.at(-1)?.last ?? 0}`;
  return `${entry.epoch}_${entry.class}_${span}_${at}_${entry.receivedAtNs}`;
}

/** Where the documents of an id lie; undefined for what is no id. */
export function quarantinePlace(vehicle: VehicleId, id: string): Pick<Document, "key" | "atNs"> | undefined {
  const match = /^([a-z0-9_-]{1,200})_([0-9]{1,18}|[1-8][0-9]{18})$/.exec(id);
  if (match === null) return undefined;
  return { key: `${keyPrefix(vehicle)}${match[1].replaceAll("_", "/")}`, atNs: BigInt(match[2]) };
}

/** An entry as documents: what is known of it, and its bytes as base64 when they are given. */
export function quarantineDocuments({ entry, batch }: KeptAside): Document[] {
  const text: QuarantineText = {
    epoch: entry.epoch.toString(),
    class: entry.class,
    ranges: formatRanges(entry.ranges),
    code: entry.code,
    reason: entry.reason,
    ...entry.place,
    relay: entry.relay,
    bytes: entry.bytes,
    state: entry.state,
    tries: entry.tries,
    decidedAt: entry.decidedAtNs.toString(),
  };
  const at = quarantinePlace(entry.vehicle, quarantineId(entry));
  ok(at !== undefined, "an id tells its place");
  const known: Document = { kind: "quarantine", ...at, text: JSON.stringify(text) };
  if (batch === undefined) return [known];
  return [known, { kind: "quarantine_batch", ...at, text: Buffer.from(batch).toString("base64") }];
}

/** Reads what is known of an entry. */
export function readQuarantine(vehicle: VehicleId, document: Document): QuarantineEntry {
  const { lane, partition, sequence, item, decidedAt, ...text } = JSON.parse(document.text) as QuarantineText;
  return {
    ...text,
    vehicle,
    epoch: parseEpoch(text.epoch),
    ranges: parseRanges(text.ranges),
    relay: parseRelayName(text.relay),
    place: { lane, partition, sequence, item },
    receivedAtNs: document.atNs,
    decidedAtNs: BigInt(decidedAt),
  };
}

/** Reads the bytes of an entry. */
export function readQuarantineBatch({ text }: Document): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** What the documents of the entries wanted must hold. */
export function quarantineFilters({ code, state, behind }: QuarantineQuery): MemberFilter[] {
  const filters: MemberFilter[] = [];
  if (code !== undefined) filters.push({ member: "code", equals: code });
  if (state !== undefined) filters.push({ member: "state", equals: state });
  if (behind !== undefined) filters.push({ member: "sequence", above: behind });
  return filters;
}

/** What to count of the documents. */
export function countQuery({ after, limit }: QuarantineCountQuery): TallyQuery {
  return {
    kind: "quarantine",
    members: ["code", "state"],
    ...(after && { after: [after.vehicle, after.code, after.state] }),
    limit,
  };
}

/** Reads what was counted. */
export function readCount({ of: [vehicle, code, state], count }: Tally): QuarantineCount {
  const known = quarantineStates.find((one) => one === state);
  ok(known !== undefined, `state "${state}" is known`);
  return { vehicle: parseVehicleId(vehicle), code, state: known, count };
}
