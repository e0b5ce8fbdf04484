/** What a reader does about a log that says nothing: a server that hangs closes no connection. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import type { JetStreamClient } from "@nats-io/jetstream";
import { partitionCount } from "#proto/limits.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { LaneQueue } from "../lane_queue.ts";
import { groupBytesMax, queueBytesMax, readerHeartbeatMs, readerRetryMs, readerSilenceMs } from "../limits.ts";
import { LogReader } from "./log_reader.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** An iterable whose items are pushed, as the client's are. */
class Pushed<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #wake = Promise.withResolvers<void>();
  isStopped = false;

  push(item: T): void {
    this.#items.push(item);
    this.#wake.resolve();
  }

  stop(): void {
    this.isStopped = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (true) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.isStopped) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

/** One consumer on the server. */
class Consumer extends Pushed<unknown> {
  readonly lane: string;
  readonly startsAt: number;
  readonly notices = new Pushed<{ type: string }>();

  constructor({ filter_subjects, opt_start_seq }: { filter_subjects: string[]; opt_start_seq: number }) {
    super();
    this.lane = filter_subjects[0].split(".")[2];
    this.startsAt = opt_start_seq;
  }

  info(): Promise<unknown> {
    return Promise.resolve({ num_pending: 0 });
  }

  consume(): Promise<this> {
    return Promise.resolve(this);
  }

  status(): AsyncIterable<unknown> {
    return this.notices;
  }

  override stop(): void {
    super.stop();
    this.notices.stop();
  }

  deliver(seq: number, bytes = 1): void {
    const data = new Uint8Array(bytes);
    this.push({ subject: `tel.v1.${this.lane}.0`, seq, timestampNanos: 0n, data, info: { pending: 0 } });
  }
}

/** A reader of both lanes and the consumers that it made of the live one. */
function stage() {
  const clock = new VirtualClock();
  const queue = new LaneQueue();
  const live: Consumer[] = [];
  const drained = { resolve: () => {} };
  const get = (_stream: string, options: ConstructorParameters<typeof Consumer>[0]) => {
    const consumer = new Consumer(options);
    if (consumer.lane === "live") live.push(consumer);
    return Promise.resolve(consumer);
  };
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const js = { consumers: { get } } as unknown as JetStreamClient;
  const reader = new LogReader({ tenure: 1, partitions, from: { live: 4, backfill: 0 } }, {
    ...{ js: { live: js, backfill: js }, queue, clock, log: silent },
    onMessage: () => {},
    onLaneEnd: () => {},
    whenNotFull: (lane) =>
      queue.isFull(lane) ? new Promise<void>((resolve) => drained.resolve = resolve) : Promise.resolve(),
  });
  const stop = async () => {
    reader.drop(partitions);
    await clock.run(reader.ended);
  };
  return { clock, queue, live, drained, stop };
}

Deno.test("a consumer from which nothing comes is made anew, behind the last message that came", async () => {
  const { clock, live, stop } = stage();
  await clock.advance(0);
  equal(live.map(({ startsAt }) => startsAt), [5]);
  live[0].deliver(5);
  live[0].deliver(7);
  await clock.advance(readerSilenceMs - 1);
  equal(live.length, 1);
  await clock.advance(1 + readerRetryMs);
  equal(live.map(({ startsAt, isStopped }) => [startsAt, isStopped]), [[5, true], [8, false]]);
  await stop();
  ok(live.every(({ isStopped }) => isStopped));
});

Deno.test("a consumer that says that it is idle stays", async () => {
  const { clock, live, stop } = stage();
  for (let beat = 0; beat < 20; beat++) {
    await clock.advance(readerHeartbeatMs);
    live[0].notices.push({ type: "heartbeat" });
  }
  await clock.advance(0);
  equal(live.length, 1);
  // That the client misses them is no sign of life.
  live[0].notices.push({ type: "heartbeats_missed" });
  await clock.advance(readerSilenceMs + readerRetryMs);
  equal(live.length, 2);
  await stop();
});

Deno.test("a lane that there is no room for is left, and read on once there is", async () => {
  const { clock, queue, live, drained, stop } = stage();
  await clock.advance(0);
  live[0].deliver(5, queueBytesMax);
  live[0].deliver(6);
  await clock.advance(10 * readerSilenceMs);
  equal([live.length, live[0].isStopped], [1, true]);
  queue.takeGroup(groupBytesMax);
  drained.resolve();
  await clock.advance(0);
  equal(live.map(({ startsAt }) => startsAt), [5, 6]);
  await stop();
});
