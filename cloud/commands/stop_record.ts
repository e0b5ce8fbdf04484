/**
 * Whether a vehicle is to be stopped: desired state, said to it at every login and again until it acknowledges. Pure.
 *
 *     free -- stop(n) --> stopped, not acknowledged -- its word --> stopped -- release(n) --> free, not acknowledged ...
 *     a stop is refused for its number --> the same again, above what the vehicle names
 *     a release is refused for its number --> stopped: a later stop is in force, and wants a release of its own
 */
import { z } from "zod";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";

const schema = z.strictObject({
  vehicle: z.string(),
  id: z.string(),
  /** Decimal. */
  number: z.string(),
  isRelease: z.boolean(),
  issuer: z.string(),
  reason: z.string(),
  atMs: z.number(),
  acknowledgedAtMs: z.number().optional(),
});

/** The last stop or release of a vehicle. */
export interface StopRecord extends Omit<z.output<typeof schema>, "vehicle" | "number"> {
  readonly vehicle: VehicleId;
  readonly number: bigint;
}

/** Who wants what. */
export interface StopWish {
  readonly id: string;
  readonly isRelease: boolean;
  readonly issuer: string;
  readonly reason: string;
}

/** The next stop or release. A stop's number is above all before it; a release names the stop that it ends. */
export function nextStop(
  vehicle: VehicleId,
  { before, wish, nowMs }: { before: StopRecord | undefined; wish: StopWish; nowMs: number },
): StopRecord {
  const last = before?.number ?? 0n;
  const fresh = BigInt(nowMs) > last ? BigInt(nowMs) : last + 1n;
  return { vehicle, ...wish, number: wish.isRelease ? last : fresh, atMs: nowMs, acknowledgedAtMs: undefined };
}

/** After the vehicle has done it. */
export function acknowledged(record: StopRecord, atMs: number): StopRecord {
  return { ...record, acknowledgedAtMs: atMs };
}

/** After the vehicle has refused a stop for its number: the same, above what the vehicle names. */
export function renumbered(record: StopRecord, { id, known }: { id: string; known: bigint }): StopRecord {
  return { ...record, id, number: known + 1n };
}

/** After the vehicle has refused a release: another stop came meanwhile, and whoever released did not know of it. */
export function overruled(record: StopRecord, { known, atMs }: { known: bigint; atMs: number }): StopRecord {
  const reason = "a later stop is in force on the vehicle; it wants a release of its own";
  return { ...record, isRelease: false, number: known, reason, atMs, acknowledgedAtMs: atMs };
}

/** Whether the vehicle is to be at rest. */
export function isStopped(record: StopRecord | undefined): boolean {
  return record !== undefined && !record.isRelease;
}

/** As text for the store. */
export function stopText(record: StopRecord): string {
  return JSON.stringify({ ...record, number: record.number.toString() });
}

/** Reads what {@link stopText} made; throws what is no such text. */
export function readStop(text: string): StopRecord {
  const { vehicle, number, acknowledgedAtMs, ...rest } = schema.parse(JSON.parse(text));
  return { ...rest, vehicle: parseVehicleId(vehicle), number: BigInt(number), acknowledgedAtMs };
}
