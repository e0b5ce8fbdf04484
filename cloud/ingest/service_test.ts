import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { LedgerAnswerSchema, LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Ingest } from "./ingest.ts";
import { LaneQueue } from "./lane_queue.ts";
import { flushIntervalMs, queueBytesMax } from "./limits.ts";
import { IngestService } from "./service.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The work that the service gives to its ingest, in order; commits wait until they are let go on. */
class Stage {
  readonly clock = new VirtualClock();
  readonly queue = new LaneQueue();
  readonly calls: string[] = [];
  readonly stopping = new AbortController();
  gate: Promise<void> = Promise.resolve();
  readonly ingest: Pick<Ingest, "commit" | "flush" | "retryWaiting" | "tellPassed" | "answer"> = {
    commit: async (messages) => {
      await this.gate;
      this.calls.push(`commit ${messages.length}`);
    },
    flush: () => Promise.resolve(void this.calls.push("flush")),
    retryWaiting: () => Promise.resolve(),
    tellPassed: () => {},
    answer: () => {
      this.calls.push("answer");
      return Promise.resolve(create(LedgerAnswerSchema));
    },
  };
  readonly service = new IngestService({ ingest: this.ingest, queue: this.queue, clock: this.clock, log: silent });

  push(bytes = 10): void {
    this.queue.push({
      place: { lane: "live", partition: 0, sequence: 1 },
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
  deepStrictEqual(stage.calls, ["commit 2", "flush", "commit 1", "flush"]);
});

Deno.test("an answer waits for the commit under way, and the next commit for the answer", async () => {
  const stage = new Stage();
  const open = Promise.withResolvers<void>();
  stage.gate = open.promise;
  const running = stage.service.run(stage.stopping.signal);
  stage.push();
  await stage.clock.advance(1);
  const answering = stage.service.answer(create(LedgerRequestSchema));
  await stage.clock.advance(1);
  deepStrictEqual(stage.calls, []);
  open.resolve();
  await answering;
  deepStrictEqual(stage.calls, ["commit 1", "answer"]);
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
