/**
 * Completeness as people ask for it: of one vehicle, per epoch and class, what is expected, stored and missing, and why;
 * and of the whole fleet in figures. Pure. What times mean for seqs: `lib/completeness/time_marks.ts`; what causes mean:
 * `lib/completeness/causes.ts`.
 */
import { type Class, classes } from "#proto/class.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import { countOf, intersect, type Ranges } from "#proto/ranges.ts";
import { addCounts, countsOf, noCounts, stateOf } from "../lib/completeness/account.ts";
import { expectedOf, missingOf, type MissingRange, type Testimony, testimonyOf } from "../lib/completeness/causes.ts";
import { forksOf, type OpenedEpoch, openingsOf } from "../lib/completeness/epoch_chain.ts";
import { type LineSpan, outwards, seqsWithin, type TimeSpan } from "../lib/completeness/time_marks.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { SeqCounts, VehicleAccount } from "../lib/store/vehicle_account.ts";
import { rangesShownMax } from "./limits.ts";

/** What is asked about: all of a vehicle, or what lies between two times, ns since 1970, both included. */
export interface AskedTime {
  readonly fromNs?: bigint;
  readonly toNs?: bigint;
}

/** Figures as callers get them. */
export type CountsView = SeqCounts & { readonly complete: boolean };

/** One class of one epoch. */
interface ClassView extends CountsView {
  readonly class: Class;
  /** The seqs that the figures are about. */
  readonly seqs: Ranges;
  readonly missing_ranges: readonly MissingRange[];
  /** Missing ranges that are not shown. */
  readonly missing_ranges_left_out: number;
  /** The vehicle's own word; up to `to` it speaks of all. */
  readonly on_board: { readonly ranges: Ranges; readonly to: number };
}

/** One time base of the vehicle. */
interface EpochView {
  readonly epoch: string;
  /** Null while its first record has not come. */
  readonly opened_at: string | null;
  readonly classes: readonly ClassView[];
}

/** One vehicle. */
export interface CompletenessView {
  readonly vehicle_id: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly last_heard: string | null;
  readonly stated: { readonly at: string; readonly relay: string; readonly session: string } | null;
  readonly forks: number;
  readonly totals: CountsView;
  readonly epochs: readonly EpochView[];
}

/** One vehicle of the fleet. */
export interface FleetLine extends CountsView {
  readonly vehicle_id: string;
  readonly last_heard: string;
  readonly state: ReturnType<typeof stateOf>;
  readonly forks: number;
}

/** Shows one vehicle. Epochs of which no seq can lie in the time asked for are left out. */
export function completenessView(
  vehicle: VehicleId,
  { entries, account, asked }: {
    readonly entries: readonly LedgerEntry[];
    readonly account: VehicleAccount | undefined;
    readonly asked: AskedTime;
  },
): CompletenessView {
  const testimony = testimonyOf(entries, account?.statement);
  const openings = openingsOf(entries);
  const byEpoch = Map.groupBy(entries, ({ epoch }) => epoch);
  const epochs = Array.from(byEpoch, ([epoch, lines]): EpochView => ({
    epoch: epoch.toString(),
    opened_at: openings.find((opening) => opening.epoch === epoch)?.openedAtNs.toString() ?? null,
    classes: lines.toSorted((a, b) => classes.indexOf(a.class) - classes.indexOf(b.class))
      .map((line) => classView(line, testimony, askedSeqs(line, openings, asked)))
      .filter(({ seqs }) => seqs.length > 0),
  })).filter((epoch) => epoch.classes.length > 0);
  const { statement } = testimony;
  return {
    vehicle_id: vehicle,
    from: asked.fromNs?.toString() ?? null,
    to: asked.toNs?.toString() ?? null,
    last_heard: account?.heardNs.toString() ?? null,
    stated: statement === undefined
      ? null
      : { at: statement.atNs.toString(), relay: statement.relay, session: statement.session },
    forks: forksOf(openings).size,
    totals: countsView(epochs.flatMap((epoch) => epoch.classes).reduce<SeqCounts>(addCounts, noCounts)),
    epochs,
  };
}

/** Shows one vehicle's account. */
export function fleetLine({ vehicle, heardNs, counts, forks }: VehicleAccount): FleetLine {
  return {
    vehicle_id: vehicle,
    last_heard: heardNs.toString(),
    state: stateOf(counts),
    ...countsView(counts),
    forks,
  };
}

/** Figures with whether they are complete. */
export function countsView({ expected, stored, missing }: SeqCounts): CountsView {
  return { expected, stored, missing, complete: stored === expected };
}

function classView(line: LedgerEntry, testimony: Testimony, seqs: Ranges): ClassView {
  const missing = missingOf(line, testimony).flatMap(({ cause, ...range }) =>
    intersect([range], seqs).map((part) => ({ ...part, cause }))
  );
  return {
    class: line.class,
    seqs,
    ...countsView(countsOf(countOf(intersect(line.committed, seqs)), missing)),
    missing_ranges: missing.slice(0, rangesShownMax),
    missing_ranges_left_out: Math.max(0, missing.length - rangesShownMax),
    on_board: { ranges: intersect(line.onBoard, seqs), to: line.onBoardTo },
  };
}

/** The seqs of a line that a time asked for may mean; all of them when none is asked for. */
function askedSeqs(line: LedgerEntry, openings: readonly OpenedEpoch[], { fromNs, toNs }: AskedTime): Ranges {
  const last = expectedOf(line);
  if (last === 0) return [];
  if (fromNs === undefined && toNs === undefined) return [{ first: 1, last }];
  return seqsWithin(spanAsked(fromNs, toNs), { marks: line.marks, last, ...timesAround(line.epoch, openings) });
}

function spanAsked(fromNs: bigint | undefined, toNs: bigint | undefined): TimeSpan {
  const { fromMs, toMs } = outwards(fromNs ?? 0n, toNs ?? 0n);
  return { fromMs: fromNs === undefined ? -Infinity : fromMs, toMs: toNs === undefined ? Infinity : toMs };
}

/** When the epoch was opened, and the last of those that go on from it. */
function timesAround(epoch: Epoch, openings: readonly OpenedEpoch[]): Pick<LineSpan, "openedMs" | "closedMs"> {
  const msOf = ({ openedAtNs }: OpenedEpoch) => outwards(openedAtNs, openedAtNs);
  const opened = openings.find((opening) => opening.epoch === epoch);
  const next = openings.filter((opening) => opening.previous === epoch);
  return {
    ...(opened && { openedMs: msOf(opened).fromMs }),
    ...(next.length > 0 && { closedMs: Math.max(...next.map((opening) => msOf(opening).toMs)) }),
  };
}
