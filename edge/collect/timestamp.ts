/**
 * The time of a frame, decided once, before anything depends on it. Source: protocol.md section 4, Time.
 *
 * A caller gives nanoseconds since 1970 as a string of digits, or milliseconds as a number. What lies before 2015 or
 * more than a day ahead is the time of a wrong clock: the agent's stands instead, and the caller's is kept as a field.
 */
import { Fault } from "#proto/errors.ts";
import type { FlatField } from "#proto/flatten.ts";
import type { JsonValue } from "#proto/json.ts";
import { quote } from "#proto/quote.ts";

/** 2015-01-01T00:00:00Z: earlier than any vehicle of ours, later than clocks that begin in 1970 or 2000. */
export const earliestNs = 1_420_070_400_000_000_000n;
/** How far a caller's clock may run ahead of the agent's. */
export const aheadMaxNs = 86_400_000_000_000n;

/** The time to store, and the field that keeps the caller's own when that is another. */
export interface Timestamp {
  readonly ts: bigint;
  readonly device: FlatField | undefined;
}

/** Decides a frame's time. `given`: the frame's `ts`, undefined when it has none. Throws `bad_frame`. */
export function timestampOf(given: JsonValue | undefined, nowNs: bigint): Timestamp {
  if (given === undefined || given === null) return { ts: nowNs, device: undefined };
  const ts = parseTimestamp(given);
  if (ts >= earliestNs && ts <= nowNs + aheadMaxNs) return { ts, device: undefined };
  return { ts: nowNs, device: { name: "ts_device", type: "i64", value: BigInt.asIntN(64, ts) } };
}

/** Nanoseconds of a caller's `ts`. */
function parseTimestamp(given: JsonValue): bigint {
  if (typeof given === "string" && /^-?\d{1,19}$/.test(given)) return within64Bits(BigInt(given));
  if (typeof given === "bigint") return within64Bits(given * 1_000_000n);
  if (typeof given === "number" && Number.isFinite(given)) {
    const wholeMs = Math.floor(given);
    // Fractions apart from whole milliseconds: together they pass what a double holds exactly.
    return within64Bits(BigInt(wholeMs) * 1_000_000n + BigInt(Math.round((given - wholeMs) * 1e6)));
  }
  throw notATime(given);
}

function within64Bits(ns: bigint): bigint {
  if (BigInt.asIntN(64, ns) === ns) return ns;
  throw notATime(ns);
}

function notATime(given: JsonValue): Fault {
  return new Fault(
    "bad_frame",
    `Cannot take ${
      quote(given)
    } as ts: wanted nanoseconds since 1970 as a string of digits, or milliseconds as a number`,
    { pointer: "/ts" },
  );
}
