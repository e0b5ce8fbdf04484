/** Reads the vehicle's own records out of decoded blocks: epochs opened and gaps. They are rows too; this is their meaning. */
import type { BatchHeader, Block, Column } from "#proto/batch.ts";
import { type Class, classes } from "#proto/class.ts";
import { type Epoch, parseEpoch } from "#proto/ids.ts";
import { type EpochOpening, type Gap, gapCauses } from "../lib/store/ledger_entry.ts";
import type { Ledger } from "./ledger.ts";
import type { Links } from "./links.ts";
import type { BroughtBy } from "./log_message.ts";

/** What an id of a start of the agent looks like, and a reason. */
const bootPattern = /^[0-9a-f]{2,64}$/;
const reasonPattern = /^[a-z_]{1,32}$/;

/** The batch that records came in: who brought it, and what it says of all of them. */
export interface RecordSource {
  readonly relay: Pick<BroughtBy, "vehicle" | "relay" | "session" | "receivedAtNs">;
  readonly header: Pick<BatchHeader, "epoch" | "class" | "clockOffsetNs">;
}

/** Tells the ledger what the vehicle's own records say. Records that make no sense stay rows and say nothing. */
export function absorbOwnRecords(
  source: RecordSource,
  blocks: readonly Block[],
  { ledger, links, nowNs }: { ledger: Ledger; links: Pick<Links, "of">; nowNs: bigint },
): void {
  const { vehicle } = source.relay;
  for (const block of blocks) {
    if (block.shape.stream === "ss_gap") {
      gapsOf(block).forEach(({ epoch, class: name, gap }) => {
        ledger.addGap({ vehicle, epoch, class: name }, gap, nowNs);
      });
    }
    if (block.shape.stream === "ss_epoch" && classes[source.header.class] === "critical") {
      openingsOf(block, source).forEach((opening) => {
        const link = links.of(vehicle, opening.session);
        ledger.openEpoch({ vehicle, epoch: source.header.epoch }, { ...opening, ...(link && { link }) }, nowNs);
        const { previous, lasts } = opening;
        if (previous === undefined) return;
        for (const name of classes) ledger.expect({ vehicle, epoch: previous, class: name }, lasts[name], nowNs);
      });
    }
  }
}

function gapsOf(block: Block): { epoch: Epoch; class: Class; gap: Gap }[] {
  return [...block.seqs.keys()].flatMap((row) => {
    const epoch = epochAt(block, "epoch", row);
    const name = classes.find((known) => known === valueAt(block, "class", row));
    const cause = gapCauses.find((known) => known === valueAt(block, "cause", row));
    const [first, last] = [valueAt(block, "first", row), valueAt(block, "last", row)];
    if (epoch === undefined || name === undefined || cause === undefined || !isSeq(first) || !isSeq(last)) return [];
    return first <= last ? [{ epoch, class: name, gap: { first, last, cause } }] : [];
  });
}

function openingsOf(block: Block, { relay, header }: RecordSource): EpochOpening[] {
  return [...block.seqs.keys()].flatMap((row) => {
    const previous = epochAt(block, "previous", row);
    const [reason, boot] = [valueAt(block, "reason", row), valueAt(block, "boot", row)];
    if (previous === undefined && valueAt(block, "previous", row) !== undefined) return [];
    if (previous === header.epoch || !matches(reason, reasonPattern) || !matches(boot, bootPattern)) return [];
    return [{
      previous,
      lasts: lastsAt(block, row),
      reason,
      boot,
      clockSynchronized: valueAt(block, "clock_synchronized", row) === 1,
      clockOffsetNs: header.clockOffsetNs,
      openedAtNs: block.ts[row] + header.clockOffsetNs,
      receivedAtNs: relay.receivedAtNs,
      relay: relay.relay,
      session: relay.session.toHex(),
    }];
  });
}

function lastsAt(block: Block, row: number): Record<Class, number> {
  const lastOf = (name: Class) => {
    const last = valueAt(block, `last_${name}`, row);
    return isSeq(last) ? last : 0;
  };
  return { critical: lastOf("critical"), event: lastOf("event"), normal: lastOf("normal"), bulk: lastOf("bulk") };
}

function epochAt(block: Block, field: string, row: number): Epoch | undefined {
  const text = valueAt(block, field, row);
  const wellFormed = typeof text === "string" && /^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) < 1n << 63n;
  return wellFormed ? parseEpoch(text) : undefined;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function valueAt(block: Block, field: string, row: number): unknown {
  const column: Column | undefined = block.columns.find((candidate) =>
    candidate.field.name === field && candidate.presence[row] === 2
  );
  return column?.values?.[row];
}
