/**
 * A vehicle as it is registered: what it is, what people call it, and where it belongs. Pure.
 *
 *     (none) -- register --> registered -- change --> registered -- archive --> archived -- register --> registered
 *
 * Archived is not forgotten: telemetry and history stay under the vehicle's id.
 */
import { z } from "zod";
import { parseVehicleId, type VehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { groupsMax, nameLengthMax, tagLengthMax, tagsMax } from "./limits.ts";

/** What a type looks like: `fixed-wing`, `rover`. */
export const typePattern = /^[a-z][a-z0-9_-]{0,62}$/;
/** What a group's name looks like. */
export const groupPattern = vehicleIdPattern;
/** What a tag's name looks like. */
export const tagPattern = /^[a-z][a-z0-9_.-]{0,62}$/;
/** Neither control characters nor separators of lines, and something to see. */
const namePattern = new RegExp(`^(?=.*\\S)[^\\p{C}\\u2028\\u2029]{1,${nameLengthMax}}$`, "u");
const tagValuePattern = new RegExp(`^[^\\p{C}\\u2028\\u2029]{0,${tagLengthMax}}$`, "u");

/** What the caller decides about. */
export const wishShape = {
  type: z.string().regex(typePattern),
  name: z.string().regex(namePattern),
  tags: z.record(z.string().regex(tagPattern), z.string().regex(tagValuePattern))
    .refine((tags) => Object.keys(tags).length <= tagsMax, `wanted at most ${tagsMax} tags`),
  groups: z.array(z.string().regex(groupPattern)).max(groupsMax),
};

/** The same as plain data. Groups are sorted and named once. */
export interface Wish {
  readonly type: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
}

/** A registered vehicle. Times in ms since 1970. */
export interface Registration extends Wish {
  readonly vehicle: VehicleId;
  readonly registeredAtMs: number;
  readonly changedAtMs: number;
  readonly archivedAtMs: number | undefined;
}

/** What is to become of a registration; what is not named stays. A tag that is null is taken away (RFC 7396). */
export interface Change {
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string | null>> | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** A vehicle's first registration, or the one after its archiving. */
export function registered(vehicle: VehicleId, { wish, nowMs }: { wish: Wish; nowMs: number }): Registration {
  return { vehicle, ...orderly(wish), registeredAtMs: nowMs, changedAtMs: nowMs, archivedAtMs: undefined };
}

/** Whether this is what is wished. */
export function isAsWished(registration: Registration, wish: Wish): boolean {
  return JSON.stringify(orderly(registration)) === JSON.stringify(orderly(wish));
}

/** The registration after a change. */
export function changed(registration: Registration, { change, nowMs }: { change: Change; nowMs: number }) {
  const tags = Object.entries({ ...registration.tags, ...change.tags }).filter(([, value]) => value !== null);
  const wish = orderly({
    type: change.type ?? registration.type,
    name: change.name ?? registration.name,
    tags: Object.fromEntries(tags) as Record<string, string>,
    groups: change.groups ?? registration.groups,
  });
  return { ...registration, ...wish, changedAtMs: nowMs };
}

/** The registration of a vehicle that is no longer operated. */
export function archived(registration: Registration, nowMs: number): Registration {
  return { ...registration, changedAtMs: nowMs, archivedAtMs: nowMs };
}

/** As text for the registry's store. */
export function registrationText(registration: Registration): string {
  return JSON.stringify(registration);
}

const kept = z.strictObject({
  vehicle: z.string(),
  ...wishShape,
  registeredAtMs: z.number(),
  changedAtMs: z.number(),
  archivedAtMs: z.number().optional(),
});

/** Reads what {@link registrationText} made; throws what is no such text. */
export function readRegistration(text: string): Registration {
  const { vehicle, archivedAtMs, ...rest } = kept.parse(JSON.parse(text));
  return { ...rest, vehicle: parseVehicleId(vehicle), archivedAtMs };
}

function orderly({ type, name, tags, groups }: Wish): Wish {
  const sorted = Object.entries(tags).toSorted(([a], [b]) => a < b ? -1 : 1);
  return { type, name, tags: Object.fromEntries(sorted), groups: [...new Set(groups)].sort() };
}
