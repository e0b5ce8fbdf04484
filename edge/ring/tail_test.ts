import assert from "node:assert/strict";
import { Tail } from "./tail.ts";
import { frame } from "./testing/rig.ts";

function encoded(first: number, last: number, bytes = 10) {
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const record = { seq: first + i, ...frame(first + i) };
    return { record, shapeNumber: 0, bytes: new Uint8Array(bytes) };
  });
}

function seqs(tail: Tail, request: { first: number; last: number; bytesMax: number }): number[] | undefined {
  return tail.read(request)?.map(({ seq }) => seq);
}

Deno.test("a run is given within its bounds and bytes, one record at least", () => {
  const tail = new Tail(1000);
  tail.push(encoded(1, 5));
  tail.push(encoded(6, 9));
  assert.deepEqual(seqs(tail, { first: 4, last: 7, bytesMax: 1000 }), [4, 5, 6, 7]);
  assert.deepEqual(seqs(tail, { first: 4, last: 9, bytesMax: 25 }), [4, 5]);
  assert.deepEqual(seqs(tail, { first: 4, last: 9, bytesMax: 1 }), [4]);
  assert.deepEqual(seqs(tail, { first: 9, last: 20, bytesMax: 1000 }), [9]);
  assert.deepEqual(seqs(tail, { first: 10, last: 20, bytesMax: 1000 }), []);
});

Deno.test("the oldest leave when it is full, and what has left is not known here", () => {
  const tail = new Tail(50);
  for (let first = 1; first <= 1000; first += 3) tail.push(encoded(first, first + 2));
  assert.equal(seqs(tail, { first: 997, last: 1002, bytesMax: 1000 }), undefined);
  assert.deepEqual(seqs(tail, { first: 998, last: 1002, bytesMax: 1000 }), [998, 999, 1000, 1001, 1002]);
});

Deno.test("records behind a hole replace all, so that a run never has one", () => {
  const tail = new Tail(1000);
  tail.push(encoded(1, 5));
  tail.push(encoded(8, 9));
  assert.equal(seqs(tail, { first: 5, last: 9, bytesMax: 1000 }), undefined);
  assert.deepEqual(seqs(tail, { first: 8, last: 9, bytesMax: 1000 }), [8, 9]);
});
