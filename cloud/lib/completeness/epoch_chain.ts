/**
 * The chain of a vehicle's epochs: each names the one that it goes on from. Two that go on from the same one are a fork:
 * a disk was restored from an older image, or cloned.
 *
 *     A -- B -- C        the disk as it was
 *      `-- D             the same disk, restored from an image of A: A has two successors, B and D
 */
import { type Class, classes } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import type { EpochOpening, LedgerEntry } from "../store/ledger_entry.ts";

/** An epoch whose first record is in the ledger. */
export interface OpenedEpoch extends EpochOpening {
  readonly epoch: Epoch;
}

/** The openings that a vehicle's lines hold, in the order in which they came. */
export function openingsOf(lines: readonly LedgerEntry[]): OpenedEpoch[] {
  return lines.flatMap(({ epoch, opening }) => opening === undefined ? [] : [{ epoch, ...opening }])
    .sort((a, b) => a.receivedAtNs < b.receivedAtNs ? -1 : a.receivedAtNs > b.receivedAtNs ? 1 : 0);
}

/** The epochs that more than one goes on from, with those that do. */
export function forksOf(openings: readonly OpenedEpoch[]): Map<Epoch, OpenedEpoch[]> {
  const successors = Map.groupBy(openings, ({ previous }) => previous);
  const forks = new Map<Epoch, OpenedEpoch[]>();
  for (const [epoch, branches] of successors) {
    if (epoch !== undefined && branches.length > 1) forks.set(epoch, branches);
  }
  return forks;
}

/** The epochs given and all that they descend from, as far as openings tell. */
export function withAncestors(epochs: readonly Epoch[], openings: readonly OpenedEpoch[]): Set<Epoch> {
  const previousOf = new Map(openings.map(({ epoch, previous }) => [epoch, previous]));
  const all = new Set(epochs);
  // A set gives out what is added while it is walked.
  for (const epoch of all) {
    const previous = previousOf.get(epoch);
    if (previous !== undefined) all.add(previous);
  }
  return all;
}

/** Where each epoch ends that one of `within` goes on from: the highest durable seqs that its successors name. */
export function endsWithin(
  within: ReadonlySet<Epoch>,
  openings: readonly OpenedEpoch[],
): Map<Epoch, Readonly<Record<Class, number>>> {
  const ends = new Map<Epoch, Readonly<Record<Class, number>>>();
  for (const { epoch, previous, lasts } of openings) {
    if (previous === undefined || !within.has(epoch)) continue;
    const other = ends.get(previous);
    ends.set(previous, other === undefined ? lasts : higher(lasts, other));
  }
  return ends;
}

function higher(a: Readonly<Record<Class, number>>, b: Readonly<Record<Class, number>>): Record<Class, number> {
  return Object.fromEntries(classes.map((name) => [name, Math.max(a[name], b[name])])) as Record<Class, number>;
}
