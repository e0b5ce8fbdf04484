/** A vehicle's chain of epochs as people look at it, newest first, with forks marked. Pure. */
import { classes } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { Fault } from "#proto/errors.ts";
import { expectedOf } from "../lib/completeness/causes.ts";
import { forksOf, type OpenedEpoch, openingsOf } from "../lib/completeness/epoch_chain.ts";
import type { LedgerEntry, LinkEvidence } from "../lib/store/ledger_entry.ts";
import type { Statement } from "../lib/store/vehicle_account.ts";

/** How far an epoch reaches: the highest seq of each class that is known and that is stored; 0 for none. */
type Reach = Record<string, { readonly expected: number; readonly stored: number }>;

/** The evidence of one epoch. All but `epoch`, `previous` and `reaches` is null while its first record has not come. */
export interface EpochView {
  readonly epoch: string;
  readonly previous: string | null;
  /** Other epochs that go on from the same one: not empty on both sides of a fork. */
  readonly fork_with: readonly string[];
  readonly reason: string | null;
  readonly boot: string | null;
  readonly clock_synchronized: boolean | null;
  readonly clock_offset_ns: string | null;
  readonly opened_at: string | null;
  readonly received_at: string | null;
  readonly relay: string | null;
  readonly session: string | null;
  readonly agent_version: string | null;
  /** Nanoseconds that the vehicle's wall clock was ahead of the relay's in that session, as first and last noted. */
  readonly session_clock_offset:
    | { readonly first_ns: string; readonly last_ns: string; readonly last_at: string }
    | null;
  /** Where the previous epoch ended on the disk that went on. */
  readonly previous_lasts: Readonly<Record<string, number>> | null;
  /** Whether the vehicle's last inventory names it. */
  readonly on_board: boolean;
  readonly reaches: Reach;
}

/** Part of the chain. */
export interface EpochsPage {
  readonly epochs: readonly EpochView[];
  readonly more: boolean;
  /** Epochs that more than one goes on from, in all of the chain. */
  readonly forks: readonly string[];
}

/** The chain behind the epoch `after`, newest first. Throws `bad_query` when there is no such epoch. */
export function epochsPage(
  entries: readonly LedgerEntry[],
  { statement, after, limit }: { statement: Statement | undefined; after?: string; limit: number },
): EpochsPage {
  const openings = new Map(openingsOf(entries).map((opening) => [opening.epoch, opening]));
  const forks = forksOf([...openings.values()]);
  const byEpoch = Array.from(Map.groupBy(entries, ({ epoch }) => epoch)).reverse();
  const from = after === undefined ? 0 : byEpoch.findIndex(([epoch]) => epoch.toString() === after) + 1;
  if (after !== undefined && from === 0) {
    throw new Fault("bad_query", `Cannot go on after "${after}": it is no epoch of this vehicle`, {
      pointer: "/cursor",
    });
  }
  const page = byEpoch.slice(from, from + limit).map(([epoch, lines]) =>
    epochView(epoch, { lines, statement, forks, opening: openings.get(epoch) })
  );
  return { epochs: page, more: from + limit < byEpoch.length, forks: Array.from(forks.keys(), String) };
}

function epochView(
  epoch: Epoch,
  { lines, statement, forks, opening }: {
    readonly lines: readonly LedgerEntry[];
    readonly statement: Statement | undefined;
    readonly forks: ReadonlyMap<Epoch, readonly OpenedEpoch[]>;
    readonly opening: OpenedEpoch | undefined;
  },
): EpochView {
  const branches = opening?.previous === undefined ? [] : forks.get(opening.previous) ?? [];
  return {
    epoch: epoch.toString(),
    previous: opening?.previous?.toString() ?? null,
    fork_with: branches.filter((branch) => branch.epoch !== epoch).map((branch) => branch.epoch.toString()),
    reason: opening?.reason ?? null,
    boot: opening?.boot ?? null,
    clock_synchronized: opening?.clockSynchronized ?? null,
    clock_offset_ns: opening?.clockOffsetNs.toString() ?? null,
    opened_at: opening?.openedAtNs.toString() ?? null,
    received_at: opening?.receivedAtNs.toString() ?? null,
    relay: opening?.relay ?? null,
    session: opening?.session ?? null,
    agent_version: opening?.link?.agentVersion || null,
    session_clock_offset: offsetView(opening?.link),
    previous_lasts: opening?.lasts ?? null,
    on_board: statement?.epochs.includes(epoch) ?? false,
    reaches: reachOf(lines),
  };
}

function offsetView(link: LinkEvidence | undefined): EpochView["session_clock_offset"] {
  if (link?.clockOffset === undefined) return null;
  const { firstNs, lastNs, lastAtNs } = link.clockOffset;
  return { first_ns: firstNs.toString(), last_ns: lastNs.toString(), last_at: lastAtNs.toString() };
}

function reachOf(lines: readonly LedgerEntry[]): Reach {
  return Object.fromEntries(classes.flatMap((name) => {
    const line = lines.find((one) => one.class === name);
    if (line === undefined) return [];
    return [[name, { expected: expectedOf(line), stored: line.committed.at(-1)?.last ?? 0 }]];
  }));
}
