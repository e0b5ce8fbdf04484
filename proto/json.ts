/**
 * JSON with integers beyond 2^53 kept exactly, as bigints. Sources: RFC 8259; the TC39 proposal "JSON.parse source text
 * access", which V8 has and TypeScript's library does not know yet.
 */
import { Fault } from "./errors.ts";
import { misplacedTokenAt } from "./json_position.ts";

/** A parsed JSON text. Whole-number literals beyond 2^53 are bigints, all other numbers doubles. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
interface SourceTextJson {
  parse(text: string, reviver?: Reviver): JsonValue;
  rawJSON(text: string): unknown;
}
const json = JSON as unknown as SourceTextJson;

/**
 * May the text hold a whole number beyond 2^53 (9007199254740992)? That is a digit run outside quotes of 17 or more
 * digits, or of 16 that begin with 9. Telemetry is full of 16-digit microseconds and of quoted nanoseconds: neither
 * must lose the fast path.
 */
const longInteger = /(?:^|[:,[\s-])(?:9[0-9]{15}|[0-9]{17})/;
/** Half of a surrogate pair as an escape: the other half may be missing. */
const surrogateEscape = /\\u[dD][89a-fA-F]/;
const doubleMax = 2n ** 53n;
const wholeNumber = /^-?[0-9]+$/;

/** Parses a JSON text; the last of equal keys wins, lone surrogates become U+FFFD. Throws `malformed_json` with the position. */
export function parseJson(text: string): JsonValue {
  const wellFormed = text.toWellFormed();
  const needsReviver = longInteger.test(wellFormed) || surrogateEscape.test(wellFormed);
  try {
    return needsReviver ? json.parse(wellFormed, reviveExactly) : json.parse(wellFormed);
  } catch (cause) {
    // Reviving recurses: a text nested some ten thousand levels deep exhausts the stack.
    if (cause instanceof RangeError) throw new Fault("too_deep", "Cannot parse JSON: nested too deeply", { cause });
    if (cause instanceof SyntaxError) throw malformed(wellFormed, cause);
    throw cause;
  }
}

const reviveExactly: Reviver = (_key, value, { source }) => {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "number" || source === undefined || !wholeNumber.test(source)) return value;
  // Decided by the literal: 2^53 + 1 has become 2^53 in the double.
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(source);
  return exact > doubleMax || exact < -doubleMax ? exact : value;
};

function malformed(text: string, cause: SyntaxError): Fault {
  const position = positionOf(text, cause.message);
  const before = text.slice(0, position).split("\n");
  const place = `position ${position} (line ${before.length} column ${before[before.length - 1].length + 1})`;
  const problem = cause.message.replace(/( in JSON)? at position .*$/s, "").replace(/, (\.\.\.)?".*$/s, "");
  return new Fault("malformed_json", `Cannot parse JSON at ${place}: ${problem}`, { cause });
}

function positionOf(text: string, message: string): number {
  const told = / at position ([0-9]+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  return message.startsWith("Unexpected end") ? text.length : misplacedTokenAt(text);
}

/**
 * Writes a value as JSON: bigints as whole-number literals, -0 as `-0`, what is not finite as null. Doubles beyond 2^53 get
 * an exponent: their shortest digits are not their exact value, and as a whole-number literal they would be read as such.
 */
export function stringifyJson(value: JsonValue): string {
  return JSON.stringify(value, writeExactly);
}

function writeExactly(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return json.rawJSON(value.toString());
  if (Object.is(value, -0)) return json.rawJSON("-0");
  if (typeof value === "number" && isWide(value)) return json.rawJSON(value.toExponential());
  return value;
}

function isWide(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
