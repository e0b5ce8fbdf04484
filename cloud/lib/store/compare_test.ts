import { deepStrictEqual as equal } from "node:assert/strict";
import type { StoredRow } from "./backend.ts";
import { growStream, newStream, type StreamPlace } from "./catalog.ts";
import { compareBlock, joinComparisons, neighboursOf, spanOf, type StoredRows } from "./compare.ts";
import { neighbourNsMax } from "./limits.ts";
import type { Cell } from "./mapping.ts";
import { planRead } from "./reading.ts";
import type { RowBlock } from "./rows.ts";
import { blockOf, epoch, framesOf, startNs } from "./testing/blocks.ts";

/** Rows of these cells, in the order of the block's fields, under the block's keys. */
function stored(block: RowBlock, values: readonly (readonly Cell[])[]): StoredRows {
  const { stream, fields } = block.block.shape;
  const place = fields.reduce(growStream, newStream(stream, new Map()) as StreamPlace);
  const rows = values.map((cells, at): StoredRow => ({
    key: { epoch, class: "normal", seq: block.block.seqs[at], ts: block.block.ts[at] + block.clockOffsetNs },
    overflow: null,
    cells,
  }));
  const plan = planRead(place, { vehicle: block.vehicle, stream, limit: 1 });
  return { plan, rows: new Map(rows.map((row) => [row.key.seq, row])) };
}

Deno.test("null and missing are the same, a value and none are not", () => {
  const block = blockOf("telemetry", framesOf([{ x: 1 }, { x: null }, { x: 1 }, {}]));
  const { same, different, stored: twins } = compareBlock(block, stored(block, [[1], [null], [null], [1]]));
  equal([same, different], [[{ first: 1, last: 2 }], [{ first: 3, last: 4 }]]);
  equal(twins.map(({ stream, row }) => [stream, row.seq, row.values]), [
    ["telemetry", 3, { x: null }],
    ["telemetry", 4, { x: 1 }],
  ]);
});

Deno.test("a record without a row, or with another time, is different", () => {
  const block = blockOf("telemetry", framesOf([{ x: 1 }, { x: 1 }]), { clockOffsetNs: 5n });
  const rows = stored({ ...block, clockOffsetNs: 6n }, [[1]]);
  const { different, missing } = compareBlock(block, rows);
  equal([different, missing], [[{ first: 1, last: 2 }], [{ first: 2, last: 2 }]]);
});

Deno.test("comparisons of several blocks are one", () => {
  const parts = [1, 2].map((seq) => ({ same: [{ first: seq, last: seq }], different: [], missing: [], stored: [] }));
  equal(joinComparisons(parts), { same: [{ first: 1, last: 2 }], different: [], missing: [], stored: [] });
});

Deno.test("a block spans its earliest and latest stored time, whatever the order of its seqs", () => {
  const frames = [9n, 3n, 5n].map((ms, at) => ({ seq: at + 1, ts: startNs + ms, data: {} }));
  const block = blockOf("telemetry", frames, { clockOffsetNs: 1n });
  equal(spanOf([block]), { fromNs: startNs + 4n, toNs: startNs + 10n, first: 1, last: 3 });
  const later = blockOf("telemetry", [{ seq: 7, ts: startNs, data: {} }]);
  equal(spanOf([later, block]), { fromNs: startNs, toNs: startNs + 10n, first: 1, last: 7 });
});

Deno.test("blocks are read together that are of one series and near each other by seq and by time", () => {
  const at = (seq: number, ts = startNs) => blockOf("telemetry", [{ seq, ts, data: { x: 1 } }]);
  const neighbours = (blocks: RowBlock[]) => neighboursOf(blocks, { seqsBetween: 10 });
  const [one, two, far] = [at(1), at(2), at(13)];
  equal(neighbours([two, far, one]), [[one, two], [far]]);
  equal(neighbours([two, at(12)]), [[two, at(12)]]);
  const wild = at(2, startNs + neighbourNsMax + 1n);
  equal(neighbours([one, wild]), [[one], [wild]]);
  equal(neighbours([wild, at(3)]), [[wild], [at(3)]]);
  const frames = framesOf([{ x: 1 }]);
  const others = [blockOf("gps", frames), blockOf("telemetry", frames, { class: "bulk" })];
  equal(neighbours([one, ...others]), [[one], ...others.map((other) => [other])]);
});
