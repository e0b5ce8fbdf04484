/**
 * Names and numbers that identify things. Text from outside is parsed into a branded type here, once; nothing casts.
 *
 * Sources: protocol.md section 1 (names).
 */
import { Fault } from "./errors.ts";
import { quote } from "./quote.ts";

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A vehicle's name: equals its certificate's Subject CN, a NATS token and a symbol in the store. */
export type VehicleId = Branded<string, "VehicleId">;
/** A named series of frames; one table in the store. */
export type StreamName = Branded<string, "StreamName">;
/** A relay's name in NATS subjects. */
export type RelayName = Branded<string, "RelayName">;
/** Random 63-bit number of one time base of a vehicle, never 0; a decimal string in JSON. */
export type Epoch = Branded<bigint, "Epoch">;

/** What a vehicle id looks like. */
export const vehicleIdPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** What a stream name looks like. Names that begin with `ss_` are SystemScale's own. */
export const streamPattern = /^[a-z][a-z0-9_]{0,62}$/;
/** What one field name looks like before flattening. */
export const fieldPattern = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Streams whose names begin so carry SystemScale's own records (epoch opened, gap) and are closed to callers. */
export const ownStreamPrefix = "ss_";

/** Parses a vehicle id; throws `bad_vehicle_id`. */
export function parseVehicleId(text: unknown): VehicleId {
  if (typeof text === "string" && vehicleIdPattern.test(text)) return text as VehicleId;
  throw new Fault("bad_vehicle_id", `Cannot take ${quote(text)} as vehicle id: wanted ${vehicleIdPattern.source}`);
}

/** Parses a relay's name, which follows the rule of vehicle ids; throws `bad_config`. */
export function parseRelayName(text: unknown): RelayName {
  if (typeof text === "string" && vehicleIdPattern.test(text)) return text as RelayName;
  throw new Fault("bad_config", `Cannot take ${quote(text)} as relay name: wanted ${vehicleIdPattern.source}`);
}

/** Parses any stream name, SystemScale's own included; throws `bad_stream`. */
export function parseStream(text: unknown): StreamName {
  if (typeof text === "string" && streamPattern.test(text)) return text as StreamName;
  throw new Fault("bad_stream", `Cannot take ${quote(text)} as stream: wanted ${streamPattern.source}`, {
    pointer: "/stream",
  });
}

/** Parses an epoch from its decimal text or as a bigint; throws `bad_request`. */
export function parseEpoch(value: unknown): Epoch {
  const epoch = typeof value === "string" && /^[0-9]{1,19}$/.test(value) ? BigInt(value) : value;
  if (typeof epoch === "bigint" && epoch > 0n && epoch < 1n << 63n) return epoch as Epoch;
  throw new Fault("bad_request", `Cannot take ${quote(value)} as epoch: wanted 1 to 2^63 - 1`);
}

/** Makes an epoch of 8 random bytes. */
export function epochOf(random: Uint8Array): Epoch {
  const view = new DataView(random.buffer, random.byteOffset, 8);
  const epoch = view.getBigUint64(0, true) >> 1n;
  return (epoch === 0n ? 1n : epoch) as Epoch;
}
