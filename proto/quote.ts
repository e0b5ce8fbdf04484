/** Values from outside in error messages. */

const charactersMax = 80;

/**
 * A value from outside as an error message shows it: in few words whatever it is, for it may be a megabyte of text, hold
 * bigints, or be nested deeper than any walk through it may go.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, charactersMax));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value).slice(0, charactersMax);
}
