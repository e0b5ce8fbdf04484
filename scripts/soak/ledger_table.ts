/** The ledger's answer as lines of a table that needs no explanation. */
import type { LedgerView } from "./account.ts";

/** One line: what the vehicle and the ledger said at a moment. */
export interface Moment {
  readonly seconds: number;
  readonly what: string;
  /** Frames that the vehicle has answered durable. */
  readonly durable: number;
  readonly ledger: LedgerView;
}

/** Sums over all epochs and classes of a vehicle, in records. */
export interface Sums {
  readonly expected: number;
  readonly stored: number;
  readonly missing: number;
  readonly byCause: Readonly<Record<string, number>>;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Sums up a ledger. */
export function sumsOf({ epochs }: LedgerView): Sums {
  const lines = epochs.flatMap(({ classes }) => classes);
  const missing = lines.flatMap((line) => line.missing_ranges);
  const byCause: Record<string, number> = {};
  for (const range of missing) byCause[range.cause] = (byCause[range.cause] ?? 0) + lengthOf([range]);
  return {
    expected: lines.reduce((sum, { expected }) => sum + expected, 0),
    stored: lines.reduce((sum, { stored }) => sum + stored, 0),
    missing: lengthOf(missing),
    byCause,
  };
}

const columns = [
  ...["second", "what happens", "durable on the vehicle", "known to the cloud", "stored", "missing"],
  "where the missing ones are",
] as const;
const widths = [6, 22, 22, 18, 7, 7, 26] as const;

/** The head of the table. */
export const momentHead = `${row(columns)}\n${row(widths.map((width) => "-".repeat(width)))}`;

/** A line of the table. */
export function momentText({ seconds, what, durable, ledger }: Moment): string {
  const { expected, stored, missing, byCause } = sumsOf(ledger);
  return row([seconds.toFixed(1), what, `${durable}`, `${expected}`, `${stored}`, `${missing}`, causesText(byCause)]);
}

/** Every epoch and class, one a line. */
export function ledgerText({ epochs }: LedgerView): string {
  const lines = epochs.flatMap(({ epoch, classes }) =>
    classes.map(({ class: name, expected, stored, missing_ranges: missing }) => {
      const text = missing.map(({ first, last, cause }) => `${first}-${last} ${wordsOf(cause)}`).join(", ");
      return `  epoch ${epoch}, ${name}: ${expected} expected, ${stored} stored, missing ${text || "nothing"}`;
    })
  );
  return lines.join("\n");
}

function causesText(byCause: Readonly<Record<string, number>>): string {
  return Object.entries(byCause).map(([cause, count]) => `${count} ${wordsOf(cause)}`).join(", ") || "none is missing";
}

function wordsOf(cause: string): string {
  return cause.replaceAll("_", " ");
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Numbers stand at the right of their column, words at the left. */
function row(cells: readonly string[]): string {
  const isWord = (at: number) => at === 1 || at === widths.length - 1;
  return cells.map((cell, at) => isWord(at) ? cell.padEnd(widths[at]) : cell.padStart(widths[at])).join("  ").trimEnd();
}
