import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { LedgerAnswerSchema, LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { QuarantineAnswerSchema, QuarantineRequestSchema } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Ingest } from "./ingest.ts";
import { LaneQueue } from "./lane_queue.ts";
import { flushIntervalMs, groupBytesMax, queueBytesMax } from "./limits.ts";
import { IngestService } from "./service.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The work that the service gives to its ingest, in order; commits wait until they are let go on. */
class Stage {
  readonly clock = new VirtualClock();
  readonly queue = new LaneQueue();
  readonly calls: string[] = [];
  readonly stopping = new AbortController();
  gate: Promise<void> = Promise.resolve();
  readonly ingest: Pick<Ingest, "commit" | "flush" | "retryWaiting" | "tellPassed" | "announce" | "answer" | "decide"> =
    {
      commit: async (messages) => {
        await this.gate;
        this.calls.push(`commit ${messages.length}`);
      },
      flush: () => Promise.resolve(void this.calls.push("flush")),
      retryWaiting: () => Promise.resolve(),
      tellPassed: () => {},
      announce: () => void this.calls.push("announce"),
      answer: () => {
        this.calls.push("answer");
        return Promise.resolve(create(LedgerAnswerSchema));
      },
      decide: () => {
        this.calls.push("decide");
        return Promise.resolve(create(QuarantineAnswerSchema));
      },
    };
  readonly service: IngestService;

  constructor(commitIntervalMs = 0) {
    const { ingest, queue, clock } = this;
    this.service = new IngestService({ ingest, queue, clock, log: silent, commitIntervalMs });
  }

  push(bytes = 10): void {
    this.queue.push({
      place: { lane: "live", partition: 0, sequence: 1 },
      tenure: 1,
      placedAtNs: 0n,
      bytes: new Uint8Array(bytes),
    });
    this.service.noticeMessage();
  }
}

Deno.test("messages are committed as they come, and flushed now and then and at the end", async () => {
  const stage = new Stage();
  const running = stage.service.run(stage.stopping.signal);
  stage.push();
  stage.push();
  await stage.clock.advance(1);
  deepStrictEqual(stage.calls, ["commit 2"]);
  await stage.clock.advance(flushIntervalMs);
  stage.push();
  await stage.clock.advance(1);
  stage.stopping.abort();
  await stage.clock.run(running);
  deepStrictEqual(stage.calls, ["commit 2", "flush", "announce", "commit 1", "flush"]);
});

Deno.test("after a pause a message is committed at once, the next ones together when the interval is over", async () => {
  const stage = new Stage(200);
  const running = stage.service.run(stage.stopping.signal);
  const pushAndLook = async (waitMs: number) => {
    stage.push();
    await stage.clock.advance(waitMs);
    return stage.calls.splice(0);
  };
  deepStrictEqual(await pushAndLook(1), ["commit 1"]);
  deepStrictEqual(await pushAndLook(100), []);
  deepStrictEqual(await pushAndLook(98), []);
  deepStrictEqual(await pushAndLook(1), ["commit 3"]);
  await stage.clock.advance(200);
  deepStrictEqual(await pushAndLook(1), ["commit 1"]);
  stage.push();
  stage.stopping.abort();
  await stage.clock.run(running);
  deepStrictEqual(stage.calls, ["flush"]);
});

Deno.test("a whole group does not wait for the interval", async () => {
  const stage = new Stage(200);
  const running = stage.service.run(stage.stopping.signal);
  stage.push();
  await stage.clock.advance(1);
  for (let at = 0; at < 3; at++) stage.push(groupBytesMax / 2);
  await stage.clock.advance(1);
  deepStrictEqual(stage.calls, ["commit 1", "commit 2"]);
  await stage.clock.advance(200);
  deepStrictEqual(stage.calls, ["commit 1", "commit 2", "commit 1"]);
  stage.stopping.abort();
  await stage.clock.run(running);
});

Deno.test("answers wait for the commit under way, and the next commit for the answers", async () => {
  const stage = new Stage();
  const open = Promise.withResolvers<void>();
  stage.gate = open.promise;
  const running = stage.service.run(stage.stopping.signal);
  stage.push();
  await stage.clock.advance(1);
  const answering = Promise.all([
    stage.service.answer(create(LedgerRequestSchema)),
    stage.service.decide(create(QuarantineRequestSchema)),
  ]);
  await stage.clock.advance(1);
  deepStrictEqual(stage.calls, []);
  open.resolve();
  await answering;
  deepStrictEqual(stage.calls, ["commit 1", "answer", "decide"]);
  stage.stopping.abort();
  await stage.clock.run(running);
});

Deno.test("who reads a full lane waits until a commit has taken from it", async () => {
  const stage = new Stage();
  stage.push(queueBytesMax);
  let went = false;
  const waiting = stage.service.whenNotFull("live").then(() => went = true);
  await stage.clock.advance(1);
  strictEqual(went, false);
  const running = stage.service.run(stage.stopping.signal);
  await stage.clock.run(waiting);
  strictEqual(went, true);
  stage.stopping.abort();
  await stage.clock.run(running);
});

Deno.test("timers have their turn between two commits, however quick the store and however much waits", async () => {
  const stage = new Stage();
  const commitsMax = 100;
  const commit = stage.ingest.commit;
  // What arrives during a commit is read at once, without a way through the event loop.
  stage.ingest.commit = async (messages) => {
    await commit(messages);
    if (stage.calls.length < commitsMax) stage.push();
  };
  const running = stage.service.run(stage.stopping.signal);
  let commitsBefore = commitsMax;
  void stage.clock.after(0).then(() => commitsBefore = stage.calls.length);
  stage.push();
  await stage.clock.advance(1);
  strictEqual(stage.calls.length, commitsMax);
  strictEqual(commitsBefore < commitsMax, true);
  stage.stopping.abort();
  await stage.clock.run(running);
});
