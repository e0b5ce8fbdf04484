import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { LaneQueue } from "./lane_queue.ts";
import { backfillShare, groupBytesMax, queueBytesMax } from "./limits.ts";
import type { LogMessage } from "./log_message.ts";

const messageBytes = 64 * 1024;

function message(lane: "live" | "backfill", sequence: number): LogMessage {
  return { place: { lane, partition: 0, sequence }, tenure: 1, placedAtNs: 0n, bytes: new Uint8Array(messageBytes) };
}

function filled(live: number, backfill: number): LaneQueue {
  const queue = new LaneQueue();
  for (let i = 1; i <= live; i++) queue.push(message("live", i));
  for (let i = 1; i <= backfill; i++) queue.push(message("backfill", i));
  return queue;
}

Deno.test("while both lanes wait, backfill has its share of each commit and live the rest", () => {
  const group = filled(200, 200).takeGroup(groupBytesMax);
  const bytesOf = (lane: string) => group.filter(({ place }) => place.lane === lane).length * messageBytes;
  strictEqual(bytesOf("backfill"), groupBytesMax * backfillShare);
  strictEqual(bytesOf("live") + bytesOf("backfill"), groupBytesMax);
});

Deno.test("a little of live does not wait for a whole commit of backfill", () => {
  const group = filled(1, 200).takeGroup(groupBytesMax);
  deepStrictEqual(group.map(({ place }) => place.lane).slice(0, 2), ["live", "backfill"]);
  strictEqual((group.length - 1) * messageBytes, groupBytesMax * backfillShare);
});

Deno.test("a lane alone has the whole commit, in the order of the log", () => {
  for (const [live, backfill] of [[200, 0], [0, 200]]) {
    const group = filled(live, backfill).takeGroup(groupBytesMax);
    strictEqual(group.length * messageBytes, groupBytesMax);
    deepStrictEqual(group.map(({ place }) => place.sequence), group.map((_, at) => at + 1));
  }
});

Deno.test("everything comes out once, and then the queue is empty", () => {
  const queue = filled(100, 30);
  let taken = 0;
  while (!queue.isEmpty()) taken += queue.takeGroup(groupBytesMax).length;
  strictEqual(taken, 130);
});

Deno.test("a full lane says so and the other does not", () => {
  const queue = filled(queueBytesMax / messageBytes, 1);
  ok(queue.isFull("live"));
  ok(!queue.isFull("backfill"));
});
