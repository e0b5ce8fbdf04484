/**
 * Why seqs are missing. A line's own sources are asked first, in the order of `missingCauses`: what was kept aside, what waits
 * for a table, and the vehicle's gap records. For the rest there is the vehicle's newest statement (its last inventory:
 * the epochs on its disk, and in each what is on board) and the chain of its epochs:
 *
 *     no statement yet                                              unknown
 *     the epoch is listed
 *       the range is                                                still_on_board
 *       behind the end that the disk's own next epoch names         vehicle_disk_lost: this disk went on from before it
 *       behind what the statement speaks of, in the newest epoch,
 *       and no older gap record is outstanding                      still_on_board: durable since, and nothing frees
 *                                                                   a vehicle's disk but a verdict or a gap record
 *       else                                                        unknown: the vehicle had a verdict that the ledger
 *                                                                   lacks, or its gap record is on its way
 *     the epoch is not listed
 *       a listed one descends from it: behind its named end         vehicle_disk_lost
 *                                      else                         unknown, as above
 *       first heard of since the statement: with rows               still_on_board: it is new
 *                                           else                    unknown
 *       the statement had no room for all epochs, an older gap
 *       record may be outstanding, or the chain is broken           unknown
 *       else                                                        vehicle_disk_lost: another disk speaks now
 *
 * A gap record older than the statement may be outstanding while a listed epoch has critical records without a verdict up
 * to where the statement speaks of them. The chain is broken where an epoch's opening has not come.
 * So the cause is as of the statement: when a cloned vehicle's two disks take turns, each counts as lost while the other speaks.
 */
import type { Class } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { intersect, none, normalize, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { GapCause, LedgerEntry } from "../store/ledger_entry.ts";
import type { MissingCause, Statement } from "../store/vehicle_account.ts";
import { endsWithin, openingsOf, withAncestors } from "./epoch_chain.ts";

/** Missing seqs of one cause. */
export interface MissingRange extends Range {
  readonly cause: MissingCause;
}

/** What the vehicle as a whole says about each of its lines. */
export interface Testimony {
  readonly statement: Statement | undefined;
  /** Epochs that the disk which spoke last holds or descends from. */
  readonly onDisk: ReadonlySet<Epoch>;
  /** Where they ended on that disk. */
  readonly ends: ReadonlyMap<Epoch, Readonly<Record<Class, number>>>;
  /** Whether a gap record that is older than the statement may still come. */
  readonly gapsMayCome: boolean;
  /** Whether `onDisk` is all that the disk descends from. */
  readonly isWhole: boolean;
}

const causeOfGap: Record<GapCause, MissingCause> = {
  overwritten: "overwritten",
  refused: "refused",
  disk_lost: "vehicle_disk_lost",
  damaged: "vehicle_disk_lost",
};

/** Gathers what all lines of a vehicle and its statement say. */
export function testimonyOf(lines: readonly LedgerEntry[], statement: Statement | undefined): Testimony {
  const openings = openingsOf(lines);
  const onDisk = withAncestors(statement?.epochs ?? [], openings);
  const listed = new Set(statement?.epochs);
  const ends = endsWithin(onDisk, openings);
  const gapsMayCome = lines.some((line) =>
    line.class === "critical" && listed.has(line.epoch) &&
    unaccounted(line, Math.min(line.onBoardTo, ends.get(line.epoch)?.critical ?? Infinity)).length > 0
  );
  const opened = new Set(openings.map(({ epoch }) => epoch));
  return {
    statement,
    onDisk,
    ends,
    gapsMayCome,
    isWhole: statement?.isCut === false && onDisk.isSubsetOf(opened),
  };
}

/** Highest seq of a line that the vehicle is known to have made durable; 0 for none. */
export function expectedOf({ expected, committed, quarantined }: LedgerEntry): number {
  return Math.max(expected, committed.at(-1)?.last ?? 0, quarantined.at(-1)?.last ?? 0);
}

/** What of 1 to {@link expectedOf} is not stored, in order, each part with its cause. */
export function missingOf(line: LedgerEntry, testimony: Testimony): MissingRange[] {
  let rest = notIn(line, line.committed);
  if (rest.length === 0) return [];
  const found: MissingRange[] = [];
  for (const [cause, ranges] of [...ownSources(line), ...otherSources(line, testimony)]) {
    if (ranges.length === 0) continue;
    found.push(...intersect(rest, ranges).map((range) => ({ ...range, cause })));
    rest = subtract(rest, ranges);
  }
  return found.concat(rest.map((range): MissingRange => ({ ...range, cause: "unknown" })))
    .sort((a, b) => a.first - b.first);
}

/** Seqs up to an end without a verdict and without a gap record. */
function unaccounted(line: LedgerEntry, end: number): Ranges {
  const rest = notIn(line, union(union(line.committed, line.quarantined), normalize(line.gaps)));
  return subtract(rest, behind(line, end));
}

function notIn(line: LedgerEntry, ranges: Ranges): Ranges {
  const last = expectedOf(line);
  return last === 0 ? none : subtract([{ first: 1, last }], ranges);
}

function ownSources({ quarantined, inFlight, gaps }: LedgerEntry): [MissingCause, Ranges][] {
  const gapsBy = (cause: MissingCause) =>
    gaps.length === 0 ? none : normalize(gaps.filter((gap) => causeOfGap[gap.cause] === cause));
  return [
    ["quarantined", quarantined],
    ["in_flight", inFlight],
    ["overwritten", gapsBy("overwritten")],
    ["refused", gapsBy("refused")],
    ["vehicle_disk_lost", gapsBy("vehicle_disk_lost")],
  ];
}

/** See the table at the head of this file; what is in none of these is `unknown`. */
function otherSources(line: LedgerEntry, testimony: Testimony): [MissingCause, Ranges][] {
  const { statement, onDisk, ends, gapsMayCome, isWhole } = testimony;
  if (statement === undefined) return [];
  const lost = (after: number): [MissingCause, Ranges] => ["vehicle_disk_lost", behind(line, after)];
  const end = ends.get(line.epoch)?.[line.class];
  if (statement.epochs.includes(line.epoch)) {
    const stated: [MissingCause, Ranges] = ["still_on_board", line.onBoard];
    if (end !== undefined) return [stated, lost(end)];
    const isOpen = statement.epochs.at(-1) === line.epoch && !statement.isCut && !gapsMayCome;
    return isOpen ? [stated, ["still_on_board", behind(line, line.onBoardTo)]] : [stated];
  }
  if (onDisk.has(line.epoch)) return end === undefined ? [] : [lost(end)];
  if (line.sinceNs >= statement.atNs) {
    return line.committed.length > 0 ? [["still_on_board", behind(line, 0)]] : [];
  }
  return isWhole && !gapsMayCome ? [lost(0)] : [];
}

function behind(line: LedgerEntry, seq: number): Ranges {
  const last = expectedOf(line);
  return seq < last ? [{ first: seq + 1, last }] : none;
}
