/** Leaves out what relays brought of sessions that are not theirs. Nothing is told of it: the vehicle keeps its own. */
import type { BroughtBy } from "./log_message.ts";
import type { Owner } from "./owner.ts";
import type { Unpacked } from "./unpack.ts";

/** The same messages with what is proven of each, and what names nobody; the rest is counted. */
export async function provenOnly(
  unpacked: readonly Unpacked[],
  { proven, counters }: Pick<Owner, "proven" | "counters">,
): Promise<Unpacked[]> {
  const all: Unpacked[] = [];
  for (const one of unpacked) {
    all.push({ ...one, deliveries: await held(one.deliveries), unreadable: await held(one.unreadable) });
  }
  return all;

  async function held<T extends { readonly relay?: BroughtBy }>(items: readonly T[]): Promise<T[]> {
    const passing: T[] = [];
    for (const item of items) {
      if (item.relay === undefined || await proven.holds(item.relay)) passing.push(item);
    }
    counters.unproven += items.length - passing.length;
    return passing;
  }
}
