/** Reads the times that callers give: nanoseconds, milliseconds, or RFC 3339. */
import { Fault } from "#proto/errors.ts";

const digits = /^[0-9]{16,20}$/;
const milliseconds = /^([0-9]{1,15})(?:\.([0-9]{1,6})[0-9]*)?$/;
/** A `+` in a query arrives as a space where the caller did not escape it. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+ -])(\d\d):(\d\d))$/;

const nsPerMs = 1_000_000n;
const msPerMinute = 60_000;

/**
 * Parses a time into nanoseconds since 1970: a whole number of 16 digits or more is nanoseconds, a shorter one, perhaps with a
 * fraction, milliseconds; all else must be RFC 3339. Throws `bad_query` with the pointer of the parameter.
 *
 * @example
 * ```ts
 * parseTime("2024-06-10T06:13:20.000000001Z", "from") === parseTime("1718000000000000001", "from");
 * ```
 */
export function parseTime(text: string, parameter: string): bigint {
  if (digits.test(text)) return BigInt(text);
  const ms = milliseconds.exec(text);
  if (ms !== null) return BigInt(ms[1]) * nsPerMs + BigInt((ms[2] ?? "").padEnd(6, "0"));
  const ns = instantOf(text);
  if (ns !== undefined) return ns;
  const wanted = "wanted nanoseconds, milliseconds or RFC 3339, such as 2024-06-10T06:13:20Z";
  throw new Fault("bad_query", `Cannot read time ${JSON.stringify(text.slice(0, 50))}: ${wanted}`, {
    pointer: `/${parameter}`,
  });
}

function instantOf(text: string): bigint | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour = "0", offsetMinute = "0"] = match;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  // A leap second is the first moment of the next minute, as on the clocks that stamp frames.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * msPerMinute * (sign === "-" ? -1 : 1);
  return BigInt(local - offsetMs) * nsPerMs + BigInt(fraction.padEnd(9, "0"));
}

function isDate(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}
