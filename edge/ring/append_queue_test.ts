import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import { type Append, AppendQueue, ShapeNumbers } from "./append_queue.ts";
import { frame } from "./testing/rig.ts";

function queueOf(epoch = 1n): AppendQueue {
  return new AppendQueue(parseEpoch(epoch), { shapes: new ShapeNumbers(), recordBytesMax: 7000 });
}

/** Lets frames of these numbers wait; what became of them is in `refused`. */
function add(
  queue: AppendQueue,
  numbers: readonly number[],
  options: { retain?: boolean; refused?: string[] } = {},
): void {
  const reject = ({ code }: Fault) => void options.refused?.push(code);
  const frames = numbers.map((number) => frame(number));
  queue.add(frames, { retain: options.retain ?? false, resolve: () => {}, reject });
}

function seqs(appends: readonly Append[]): number[] {
  return appends.flatMap(({ records }) => records.map(({ record }) => record.seq));
}

const fault = new Fault("disk_failed", "Cannot sync: EIO");

Deno.test("seqs rise by one from 1 over all appends, and bytes that wait are counted", () => {
  const queue = queueOf();
  add(queue, [1, 2]);
  add(queue, [3]);
  assert.ok(queue.bytes > 3 * 100);
  const taken = queue.take();
  assert.deepEqual(seqs(taken), [1, 2, 3]);
  assert.deepEqual(queue.placeOf(taken[0]), { epoch: 1n, first: 1, last: 2 });
  assert.ok(queue.isEmpty && queue.bytes === 0);
});

Deno.test("a frame that fits no segment refuses its append, and no seq is lost", () => {
  const queue = queueOf();
  assert.throws(
    () => queue.add([frame(1), frame(2, 7000)], { retain: false, resolve: () => {}, reject: () => {} }),
    Fault,
  );
  add(queue, [3]);
  assert.deepEqual(seqs(queue.take()), [1]);
});

Deno.test("after a failure seqs that never reached a file are given out again, others never", () => {
  const queue = queueOf();
  const refused: string[] = [];
  add(queue, [1, 2], { refused });
  const first = queue.take();
  add(queue, [3], { refused });
  queue.fail(first, { fault, writtenTo: 0, durable: 0 });
  assert.deepEqual(refused, ["disk_failed", "disk_failed"]);
  add(queue, [4, 5]);
  const second = queue.take();
  assert.deepEqual(seqs(second), [1, 2]);
  queue.fail(second, { fault, writtenTo: 2, durable: 0 });
  add(queue, [6]);
  const third = queue.take();
  assert.deepEqual(seqs(third), [3]);
  queue.fail(third, { fault, writtenTo: 0, durable: 0 });
  add(queue, [7]);
  assert.deepEqual(seqs(queue.take()), [3]);
});

Deno.test("the ring's own records outlive a failure, with their seq when it may lie in a file", () => {
  const queue = queueOf();
  add(queue, [1], { retain: true });
  add(queue, [2]);
  add(queue, [3], { retain: true });
  queue.fail(queue.take(), { fault, writtenTo: 2, durable: 0 });
  add(queue, [4]);
  assert.deepEqual(seqs(queue.take()), [1, 3, 4]);
});

Deno.test("what waits moves into another epoch's queue with seqs of that one", () => {
  const [former, next] = [queueOf(1n), queueOf(2n)];
  add(former, [1, 2]);
  former.take();
  add(former, [3]);
  add(next, [4]);
  former.moveTo(next);
  const taken = next.take();
  assert.deepEqual(seqs(taken), [1, 2]);
  assert.deepEqual(next.placeOf(taken[1]), { epoch: 2n, first: 2, last: 2 });
});
