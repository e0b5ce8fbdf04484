/** Lists of vehicles: filters, and cursors that fit no other question. Pure. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Fault } from "#proto/errors.ts";
import { type VehicleId, vehicleIdPattern } from "#proto/ids.ts";
import type { PresenceState } from "./presence.ts";
import type { Registration } from "../lib/registration.ts";

/** Which vehicles are wanted; all that is named must hold. */
export interface ListFilter {
  readonly type?: string | undefined;
  readonly group?: string | undefined;
  /** `name` or `name:value`. */
  readonly tag?: string | undefined;
  readonly state?: PresenceState | undefined;
  /** Archived ones instead of those in operation. */
  readonly isArchived: boolean;
}

const markBytes = 8;

/** Whether a registration is wanted, as far as it can tell. */
export function isWanted({ type, tags, groups, archivedAtMs }: Registration, filter: ListFilter): boolean {
  if ((archivedAtMs !== undefined) !== filter.isArchived) return false;
  if (filter.type !== undefined && filter.type !== type) return false;
  if (filter.group !== undefined && !groups.includes(filter.group)) return false;
  if (filter.tag === undefined) return true;
  const at = filter.tag.indexOf(":");
  if (at < 0) return Object.hasOwn(tags, filter.tag);
  const name = filter.tag.slice(0, at);
  return Object.hasOwn(tags, name) && tags[name] === filter.tag.slice(at + 1);
}

/** The cursor behind a vehicle: a mark of the question, then the id. */
export function encodeListCursor(filter: ListFilter, last: VehicleId): string {
  return Buffer.concat([markOf(filter), Buffer.from(last)]).toString("base64url");
}

/** Reads a cursor; throws `bad_query` when it is damaged or of another question. */
export function decodeListCursor(filter: ListFilter, text: string): string {
  const bytes = Buffer.from(text, "base64url");
  const last = bytes.subarray(markBytes).toString("latin1");
  if (bytes.toString("base64url") !== text || !vehicleIdPattern.test(last)) throw refusal(text, "it is damaged");
  if (bytes.subarray(0, markBytes).equals(markOf(filter))) return last;
  throw refusal(text, "it belongs to another question");
}

function markOf({ type, group, tag, state, isArchived }: ListFilter): Buffer {
  const question = JSON.stringify([type ?? null, group ?? null, tag ?? null, state ?? null, isArchived]);
  return createHash("sha256").update(question).digest().subarray(0, markBytes);
}

function refusal(text: string, why: string): Fault {
  return new Fault("bad_query", `Cannot go on from cursor "${text.slice(0, 60)}": ${why}`, { pointer: "/cursor" });
}
