/** From a decoded batch back to records. */
import { valueCount } from "../record.ts";
import type { FrameRecord, Value } from "../shape.ts";
import { type Block, type Column, type DecodedBatch, presenceStates } from "./column.ts";

/** The records of a batch in order of seq, as they were encoded; values missing at the end are left away. */
export function recordsOf({ header, blocks }: DecodedBatch): FrameRecord[] {
  const records: FrameRecord[] = new Array(header.count);
  for (const block of blocks) {
    for (let row = 0; row < block.seqs.length; row++) records[block.seqs[row] - header.first] = recordAt(block, row);
  }
  return records;
}

function recordAt({ shape, seqs, ts, columns }: Block, row: number): FrameRecord {
  const values = columns.map((column) => valueAt(column, row));
  values.length = valueCount(values);
  return { seq: seqs[row], ts: ts[row], shape, values };
}

function valueAt({ field, presence, values }: Column, row: number): Value {
  if (presence[row] === presenceStates.null) return null;
  if (presence[row] === presenceStates.missing || values === undefined) return undefined;
  return field.type === "bool" ? values[row] === 1 : values[row];
}
