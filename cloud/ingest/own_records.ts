/** Reads the vehicle's own records out of decoded blocks: epochs opened and gaps. They are rows too; this is their meaning. */
import type { Block, Column } from "#proto/batch.ts";
import { type Class, classes } from "#proto/class.ts";
import { type Epoch, parseEpoch, type VehicleId } from "#proto/ids.ts";
import { type Gap, gapCauses } from "../lib/store/store.ts";
import type { Ledger } from "./ledger.ts";

/** Tells the ledger what the vehicle's own records say. Records that make no sense stay rows and say nothing. */
export function absorbOwnRecords(
  vehicle: VehicleId,
  blocks: readonly Block[],
  options: { ledger: Ledger; nowNs: bigint },
): void {
  for (const block of blocks) {
    if (block.shape.stream === "ss_gap") {
      gapsOf(block).forEach(({ epoch, class: name, gap }) => {
        options.ledger.addGap({ vehicle, epoch, class: name }, gap, options.nowNs);
      });
    }
    if (block.shape.stream === "ss_epoch") {
      lastSeqsOf(block).forEach(({ epoch, class: name, last }) => {
        options.ledger.expect({ vehicle, epoch, class: name }, last, options.nowNs);
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

function lastSeqsOf(block: Block): { epoch: Epoch; class: Class; last: number }[] {
  return [...block.seqs.keys()].flatMap((row) => {
    const epoch = epochAt(block, "previous", row);
    if (epoch === undefined) return [];
    return classes.flatMap((name) => {
      const last = valueAt(block, `last_${name}`, row);
      return isSeq(last) ? [{ epoch, class: name, last }] : [];
    });
  });
}

function epochAt(block: Block, field: string, row: number): Epoch | undefined {
  const text = valueAt(block, field, row);
  const wellFormed = typeof text === "string" && /^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) < 1n << 63n;
  return wellFormed ? parseEpoch(text) : undefined;
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
