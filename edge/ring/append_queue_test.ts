import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import { AppendQueue, ShapeNumbers } from "./append_queue.ts";
import type { EncodedRecords } from "./encoded_records.ts";
import { entryHeaderBytes } from "./entry.ts";
import type { Appended } from "./port.ts";
import { frame } from "./testing/rig.ts";

function queueOf(epoch = 1n): AppendQueue {
  return new AppendQueue(parseEpoch(epoch), { shapes: new ShapeNumbers(), recordBytesMax: 7000 });
}

/** Lets frames of these numbers wait; what became of them is in `refused`. */
function add(
  queue: AppendQueue,
  numbers: readonly number[],
  options: { atMs?: number; answers?: string[] } = {},
): void {
  const reject = ({ code }: Fault) => void options.answers?.push(code);
  const resolve = ({ state, first }: Appended) => void options.answers?.push(`${state} ${first}`);
  const frames = numbers.map((number) => number < 7000 ? frame(number) : frame(number, number));
  queue.add(frames, { atMs: options.atMs ?? 0, resolve, reject });
}

const fault = new Fault("disk_failed", "Cannot sync: EIO");
const clean = { fault, writtenTo: 0, durable: 0, givesUp: false };

/** The records' bytes in hex, without the room for their heads. */
function bodiesOf(records: EncodedRecords): string[] {
  return records.seqs.map((_, at) =>
    records.bytes.slice(records.startOf(at) + entryHeaderBytes, records.startOf(at + 1)).toHex()
  );
}

Deno.test("seqs rise by one from 1 over all appends, and bytes that wait are counted", () => {
  const queue = queueOf();
  const answers: string[] = [];
  add(queue, [1, 2], { answers });
  add(queue, [3], { answers });
  assert.ok(queue.bytes > 3 * 100);
  assert.deepEqual(queue.take().seqs, [1, 2, 3]);
  assert.ok(queue.isEmpty && queue.bytes > 0, "what is in flight is in memory too");
  queue.finish();
  assert.equal(queue.bytes, 0);
  assert.deepEqual(answers, ["durable 1", "durable 3"]);
});

Deno.test("records that fail keep their bytes' places through what comes and goes beside them", () => {
  const queue = queueOf();
  queue.addOwn(frame(1, 10), () => {});
  add(queue, [2]);
  queue.addOwn(frame(3, 300), () => {});
  const before = bodiesOf(queue.take());
  queue.fail({ ...clean, writtenTo: 3 });
  assert.throws(() => add(queue, [4, 7000]), { code: "too_large" });
  const after = bodiesOf(queue.take());
  assert.deepEqual(after, [before[0], before[2]]);
});

Deno.test("a frame that fits no segment refuses its append, and no seq is lost", () => {
  const queue = queueOf();
  assert.throws(
    () => queue.add([frame(1), frame(2, 7000)], { atMs: 0, resolve: () => {}, reject: () => {} }),
    Fault,
  );
  add(queue, [3]);
  assert.deepEqual(queue.take().seqs, [1]);
});

Deno.test("after a failure seqs that never reached a file are given out again, others never", () => {
  const queue = queueOf();
  const answers: string[] = [];
  add(queue, [1, 2], { answers });
  queue.take();
  add(queue, [3], { answers });
  assert.deepEqual(queue.fail(clean), { refused: [], lost: [] });
  assert.deepEqual(answers, ["disk_failed", "disk_failed"]);
  add(queue, [4, 5]);
  assert.deepEqual(queue.take().seqs, [1, 2]);
  assert.deepEqual(queue.fail({ ...clean, writtenTo: 2 }), { refused: [{ first: 1, last: 2 }], lost: [] });
  add(queue, [6]);
  assert.deepEqual(queue.take().seqs, [3]);
  assert.deepEqual(queue.fail(clean), { refused: [], lost: [] });
  add(queue, [7]);
  assert.deepEqual(queue.take().seqs, [3]);
  assert.ok(queue.bytes > 0);
  queue.finish();
  assert.equal(queue.bytes, 0);
});

Deno.test("the ring's own records outlive a failure with their seqs, and what was refused below them is told", () => {
  const queue = queueOf();
  queue.addOwn(frame(1), () => {});
  add(queue, [2]);
  queue.addOwn(frame(3), () => {});
  queue.take();
  assert.deepEqual(queue.fail({ ...clean, writtenTo: 1 }).refused, [{ first: 2, last: 2 }]);
  add(queue, [4]);
  assert.deepEqual(queue.take().seqs, [1, 3, 4]);
});

Deno.test("who waits too long is answered once, in flight or not, and its seqs outlive a failure", () => {
  const queue = queueOf();
  const answers: string[] = [];
  add(queue, [1], { atMs: 10, answers });
  queue.take();
  add(queue, [2], { atMs: 20, answers });
  add(queue, [3], { atMs: 30, answers });
  assert.equal(queue.oldestUnansweredMs, 10);
  queue.answerLate(20);
  assert.deepEqual(answers, ["buffered 1", "buffered 2"]);
  assert.deepEqual([queue.oldestUnansweredMs, queue.bufferedCount], [30, 2]);
  assert.deepEqual(queue.fail(clean), { refused: [], lost: [] });
  assert.deepEqual(answers, ["buffered 1", "buffered 2", "disk_failed"]);
  add(queue, [4], { atMs: 40 });
  assert.deepEqual(queue.take().seqs, [1, 2, 3]);
  queue.finish();
  assert.equal(queue.bufferedCount, 0);
});

Deno.test("what was buffered and is given up is told apart from what was refused, and none of its seqs comes again", () => {
  const queue = queueOf();
  const answers: string[] = [];
  add(queue, [1, 2], { answers });
  add(queue, [3, 4], { atMs: 5, answers });
  add(queue, [5], { atMs: 9, answers });
  queue.take();
  queue.answerLate(5);
  const unused = queue.fail({ ...clean, durable: 1, givesUp: true });
  assert.deepEqual(unused, { refused: [], lost: [{ first: 2, last: 4 }] });
  add(queue, [6]);
  assert.deepEqual(queue.take().seqs, [5]);
});

Deno.test("what waits moves into another epoch's queue with seqs of that one", () => {
  const [former, next] = [queueOf(1n), queueOf(2n)];
  add(former, [1, 2]);
  former.take();
  former.finish();
  const answers: string[] = [];
  add(former, [3], { answers });
  add(next, [4]);
  former.moveTo(next);
  assert.ok(former.isEmpty && former.bytes === 0);
  assert.deepEqual(next.take().seqs, [1, 2]);
  next.finish();
  assert.deepEqual(answers, ["durable 2"]);
});
