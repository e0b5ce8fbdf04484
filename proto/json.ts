/** JSON with integers beyond 2^53 kept exactly, as bigints. Source: RFC 8259. */

/** A parsed JSON text. Whole-number literals beyond 2^53 are bigints, all other numbers doubles. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };

/** Parses a JSON text; the last of equal keys wins, lone surrogates become U+FFFD. Throws `malformed_json` with the position. */
export function parseJson(_text: string): JsonValue {
  throw new Error("to be written");
}

/** Writes a value as JSON: bigints as whole-number literals, -0 as `-0`, what is not finite as null. */
export function stringifyJson(_value: JsonValue): string {
  throw new Error("to be written");
}
