/** Times as the doctor says them. */

const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;

/** A date, from milliseconds since 1970. */
export function dateText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** A span in its largest fitting unit, such as `36 h` or `12 d`. */
export function spanText(ms: number): string {
  const [unit, length] = units.find(([, length]) => ms >= 2 * length) ?? units[units.length - 1];
  return `${Math.round(ms / length)} ${unit}`;
}
