import { deepStrictEqual as equal } from "node:assert/strict";
import { compareBlock, joinComparisons, spanOf } from "./compare.ts";
import type { Row, RowBlock } from "./store.ts";
import { blockOf, epoch, framesOf, startNs, vehicle } from "./testing/blocks.ts";

function stored(block: RowBlock, values: readonly Row["values"][]): Map<number, Row> {
  return new Map(values.map((each, at) => {
    const [seq, ts] = [block.block.seqs[at], block.block.ts[at] + block.clockOffsetNs];
    return [seq, { vehicle, epoch, class: "normal", seq, ts, values: each }];
  }));
}

Deno.test("null and missing are the same, a value and none are not", () => {
  const block = blockOf("telemetry", framesOf([{ x: null }, {}, { x: 1 }, {}]));
  const rows = stored(block, [{}, { x: null }, { x: null }, { x: 1 }]);
  const { same, different, stored: twins } = compareBlock(block, rows);
  equal([same, different], [[{ first: 1, last: 2 }], [{ first: 3, last: 4 }]]);
  equal(twins, [3, 4].map((seq) => ({ stream: "telemetry", row: rows.get(seq) })));
});

Deno.test("a record without a row, or with another time, is different", () => {
  const block = blockOf("telemetry", framesOf([{ x: 1 }, { x: 1 }]), { clockOffsetNs: 5n });
  const rows = stored({ ...block, clockOffsetNs: 6n }, [{ x: 1 }]);
  equal(compareBlock(block, rows).different, [{ first: 1, last: 2 }]);
});

Deno.test("comparisons of several blocks are one", () => {
  const parts = [1, 2].map((seq) => ({ same: [{ first: seq, last: seq }], different: [], stored: [] }));
  equal(joinComparisons(parts), { same: [{ first: 1, last: 2 }], different: [], stored: [] });
});

Deno.test("a block spans its earliest and latest stored time, whatever the order of its seqs", () => {
  const frames = [9n, 3n, 5n].map((ms, at) => ({ seq: at + 1, ts: startNs + ms, data: {} }));
  equal(spanOf(blockOf("telemetry", frames, { clockOffsetNs: 1n })), {
    fromNs: startNs + 4n,
    toNs: startNs + 10n,
    first: 1,
    last: 3,
  });
});
