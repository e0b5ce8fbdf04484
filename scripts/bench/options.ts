/** Values on a bench's command line. */
import type { StoreKind } from "../dev/layout.ts";

/** The store that a text names. */
export function storeOf(text: string): StoreKind {
  if (text === "sqlite" || text === "questdb") return text;
  throw new Error(`Cannot take store "${text}": wanted sqlite or questdb`);
}

/** A count, of which there is at least one. */
export function countOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`Cannot take "${text}" as a count: wanted 1 or more`);
}

/** Minutes, with fractions. */
export function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes < Infinity) return minutes;
  throw new Error(`Cannot take "${text}" as minutes: wanted more than 0`);
}
