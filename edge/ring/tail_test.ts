import assert from "node:assert/strict";
import { EncodedRecords } from "./encoded_records.ts";
import { Tail } from "./tail.ts";
import { frame } from "./testing/rig.ts";

/** Records of these seqs, all of about one size. */
function recordsOf(first: number, last: number) {
  const records = new EncodedRecords();
  for (let seq = first; seq <= last; seq++) records.add({ frame: frame(seq), seq, shapeNumber: 0 });
  return records;
}

/** What one takes at most. */
const size = recordsOf(1000, 1000).byteLength;

function push(tail: Tail, first: number, last: number): void {
  // What stands before and behind the places is not to be taken.
  tail.push(recordsOf(first - 1, last + 1), { from: 1, to: last - first + 2 });
}

function seqs(tail: Tail, request: { first: number; last: number; bytesMax: number }): number[] | undefined {
  return tail.read(request)?.map(({ seq }) => seq);
}

Deno.test("a run is given within its bounds and bytes, one record at least", () => {
  const tail = new Tail(100 * size);
  push(tail, 1, 5);
  push(tail, 6, 9);
  assert.deepEqual(seqs(tail, { first: 4, last: 7, bytesMax: 100 * size }), [4, 5, 6, 7]);
  assert.deepEqual(seqs(tail, { first: 4, last: 9, bytesMax: 2.5 * size }), [4, 5]);
  assert.deepEqual(seqs(tail, { first: 4, last: 9, bytesMax: 1 }), [4]);
  assert.deepEqual(seqs(tail, { first: 9, last: 20, bytesMax: 100 * size }), [9]);
  assert.deepEqual(seqs(tail, { first: 10, last: 20, bytesMax: 100 * size }), []);
});

Deno.test("the oldest leave when it is full, and what has left is not known here", () => {
  const tail = new Tail(5 * size);
  for (let first = 1; first <= 1000; first += 3) push(tail, first, first + 2);
  assert.equal(seqs(tail, { first: 997, last: 1002, bytesMax: 100 * size }), undefined);
  assert.deepEqual(seqs(tail, { first: 998, last: 1002, bytesMax: 100 * size }), [998, 999, 1000, 1001, 1002]);
});

Deno.test("records behind a hole replace all, so that a run never has one", () => {
  const tail = new Tail(100 * size);
  push(tail, 1, 5);
  push(tail, 8, 9);
  assert.equal(seqs(tail, { first: 5, last: 9, bytesMax: 100 * size }), undefined);
  assert.deepEqual(seqs(tail, { first: 8, last: 9, bytesMax: 100 * size }), [8, 9]);
});
