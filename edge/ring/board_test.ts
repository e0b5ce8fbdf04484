import assert from "node:assert/strict";
import type { Class } from "#proto/class.ts";
import { parseEpoch } from "#proto/ids.ts";
import { formatRanges } from "#proto/ranges.ts";
import { Board, chooseVictims, heldOf, isSettled, type Segment, segmentOf, unsettledOf } from "./board.ts";

const epoch = parseEpoch(5n);

function segment(id: number, options: { class: Class; first: number; last: number; bytes?: number }): Segment {
  const header = {
    id,
    epoch,
    class: options.class,
    first: options.first,
    salt: id,
    clockOffsetNs: undefined,
    createdNs: 0n,
    ancestors: [],
  };
  const bytes = options.bytes ?? 8192;
  return { header, name: `s${id}`, bytes, last: options.last, content: undefined, dropped: false };
}

/** Two segments a class, made in turn: critical 1 and 5, event 2 and 6, normal 3 and 7, bulk 4 and 8. */
function fullBoard(): Board {
  const board = new Board();
  let id = 0;
  for (const first of [1, 11]) {
    for (const name of ["critical", "event", "normal", "bulk"] as const) {
      board.add(segment(++id, { class: name, first, last: first + 9 }));
      board.series(epoch, name).durable = first + 9;
    }
  }
  return board;
}

function ids(segments: readonly Segment[] | undefined): number[] | undefined {
  return segments?.map(({ header }) => header.id);
}

const kept: ReadonlySet<Segment> = new Set();

Deno.test("settled segments go first, oldest first; then the lowest class, oldest first", () => {
  const board = fullBoard();
  board.settle([{ first: 11, last: 20 }], { epoch, class: "event" });
  board.settle([{ first: 1, last: 10 }], { epoch, class: "normal" });
  const all = chooseVictims(board, { bytes: 8 * 8192, kept, overwriteFrom: "critical" });
  assert.deepEqual(ids(all), [3, 6, 4, 8, 7, 2, 1, 5]);
  assert.deepEqual(ids(chooseVictims(board, { bytes: 8193, kept, overwriteFrom: undefined })), [3, 6]);
});

Deno.test("a class never displaces a more precious one, nor what is kept", () => {
  const board = fullBoard();
  assert.deepEqual(ids(chooseVictims(board, { bytes: 3 * 8192, kept, overwriteFrom: "normal" })), [4, 8, 3]);
  assert.equal(chooseVictims(board, { bytes: 3 * 8192, kept, overwriteFrom: "bulk" }), undefined);
  assert.equal(chooseVictims(board, { bytes: 1, kept, overwriteFrom: undefined }), undefined);
  const others = new Set(board.segments().filter(({ header }) => header.id === 4));
  assert.deepEqual(ids(chooseVictims(board, { bytes: 1, kept: others, overwriteFrom: "bulk" })), [8]);
});

Deno.test("a verdict on what was never durable is not noted", () => {
  const board = fullBoard();
  board.settle([{ first: 15, last: 99 }, { first: 200, last: 300 }], { epoch, class: "bulk" });
  board.settle([{ first: 1, last: 1 }], { epoch: parseEpoch(6n), class: "bulk" });
  const series = board.series(epoch, "bulk");
  assert.equal(formatRanges(series.settled), "15-20");
  assert.equal(formatRanges(unsettledOf(series)), "1-14");
  assert.equal(formatRanges(heldOf(series)), "1-20");
  assert.equal(board.find(parseEpoch(6n)), undefined);
});

Deno.test("what is lost is neither held nor missed when its segment goes", () => {
  const board = fullBoard();
  const series = board.series(epoch, "bulk");
  series.lost = [{ first: 3, last: 3 }];
  board.settle([{ first: 1, last: 2 }, { first: 4, last: 10 }], { epoch, class: "bulk" });
  assert.equal(formatRanges(heldOf(series)), "1-2,4-20");
  assert.equal(isSettled(series.segments[0], series), true);
});

Deno.test("of two segments that claim a seq the younger one holds it", () => {
  const board = new Board();
  board.add(segment(1, { class: "normal", first: 1, last: 12 }));
  board.add(segment(2, { class: "normal", first: 11, last: 20 }));
  const series = board.series(epoch, "normal");
  assert.deepEqual([10, 11, 21].map((seq) => segmentOf(series, seq)?.header.id), [1, 2, undefined]);
});

Deno.test("an epoch leaves with its last segment, the current one stays", () => {
  const board = fullBoard();
  const segments = board.segments();
  for (const each of segments.slice(1)) board.drop(each, parseEpoch(9n));
  assert.ok(board.find(epoch) !== undefined);
  board.drop(segments[0], epoch);
  assert.ok(board.find(epoch) !== undefined, "it is the current one");
  const other = fullBoard();
  for (const each of other.segments()) other.drop(each, parseEpoch(9n));
  assert.equal(other.find(epoch), undefined);
});
