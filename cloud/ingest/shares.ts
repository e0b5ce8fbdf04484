/**
 * Which partitions an instance should own. Everybody who works is a member and everybody reckons the same from the same
 * list, so nobody has to lead: shares differ by at most one partition and add up to all of them.
 *
 *     too many -> give up the last ones -> free -> claimed by who has too few
 *
 * Two that see different lists for a moment may want the same partition; its lease decides, and the next look puts it right.
 */
import { partitionCount } from "#proto/limits.ts";

/** What an instance sees when it looks. */
export interface Sight {
  /** Names of all that work, this one included or not. */
  readonly members: readonly string[];
  /** Partitions that have an owner, by number. */
  readonly owners: ReadonlyMap<number, string>;
}

/** What an instance should do. */
export interface Move {
  readonly giveUp: readonly number[];
  readonly claim: readonly number[];
}

/** How many partitions a member should own. */
export function shareOf(instance: string, members: readonly string[]): number {
  const all = sorted(instance, members);
  const rest = partitionCount % all.length;
  return Math.floor(partitionCount / all.length) + (all.indexOf(instance) < rest ? 1 : 0);
}

/**
 * What an instance that holds some partitions should do next. A lease under its name that it does not hold is one of a run of
 * it that died: it is free to it.
 */
export function nextMove(
  { instance, held }: { instance: string; held: ReadonlySet<number> },
  { members, owners }: Sight,
): Move {
  const wanted = shareOf(instance, members);
  const own = [...held].sort((a, b) => a - b);
  if (own.length >= wanted) return { giveUp: own.slice(wanted), claim: [] };
  // Everybody begins at a place of its own, or all would reach for the same ones.
  const start = Math.floor(sorted(instance, members).indexOf(instance) * partitionCount / (members.length || 1));
  const free = Array.from({ length: partitionCount }, (_, at) => (start + at) % partitionCount)
    .filter((partition) => !held.has(partition) && (owners.get(partition) ?? instance) === instance);
  return { giveUp: [], claim: free.slice(0, wanted - own.length) };
}

function sorted(instance: string, members: readonly string[]): string[] {
  return [...new Set([...members, instance])].sort();
}
