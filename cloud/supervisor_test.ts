import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { parseCloudConfig } from "./config.ts";
import { reportSilenceMaxMs } from "./lib/service_link.ts";
import type { Notice, Order } from "./lib/service_link.ts";
import { type ServiceWorker, Supervised } from "./supervisor.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const config = parseCloudConfig(
  "nats: { servers: [a], user: u, password: p }\nstore: { kind: sqlite, path: a }",
  "cloud.yaml",
);

/** Workers under the test's control. */
class Stage {
  readonly clock = new VirtualClock();
  readonly stopping = new AbortController();
  readonly workers: {
    orders: Order[];
    notice: (notice: Notice) => void;
    crash: (reason: string) => void;
    gone: boolean;
  }[] = [];
  readonly supervised = new Supervised("ingest", {
    config,
    clock: this.clock,
    log: silent,
    signal: this.stopping.signal,
    startWorker: () => this.#startWorker(),
  });

  #startWorker(): ServiceWorker {
    const worker = { orders: [] as Order[], notice: (_: Notice) => {}, crash: (_: string) => {}, gone: false };
    this.workers.push(worker);
    return {
      send: (order) => worker.orders.push(order),
      terminate: () => worker.gone = true,
      onNotice: (listener) => worker.notice = listener,
      onCrash: (listener) => worker.crash = listener,
    };
  }
}

const ready: Notice = { kind: "report", ready: true, detail: "", metrics: "" };

Deno.test("a crashed worker is replaced at once, one that crashes again later and later", async () => {
  const stage = new Stage();
  const running = stage.supervised.run();
  await stage.clock.advance(10);
  stage.workers[0].crash("first");
  await stage.clock.advance(0);
  strictEqual(stage.workers.length, 2);
  strictEqual(stage.workers[0].gone, true);
  stage.workers[1].crash("second");
  await stage.clock.advance(199);
  strictEqual(stage.workers.length, 2);
  await stage.clock.advance(1);
  strictEqual(stage.workers.length, 3);
  deepStrictEqual([stage.supervised.state.restarts, stage.supervised.state.lastEnd], [2, "second"]);
  stage.stopping.abort();
  stage.workers[2].notice({ kind: "stopped" });
  await stage.clock.run(running);
});

Deno.test("a worker that stops reporting is replaced", async () => {
  const stage = new Stage();
  const running = stage.supervised.run();
  await stage.clock.advance(1_000);
  stage.workers[0].notice(ready);
  await stage.clock.advance(reportSilenceMaxMs);
  strictEqual(stage.workers.length, 1);
  await stage.clock.advance(2_000);
  strictEqual(stage.workers.length, 2);
  stage.stopping.abort();
  await stage.clock.run(running);
});

Deno.test("stopping asks the worker, waits for its word, and not for ever", async () => {
  const stage = new Stage();
  const running = stage.supervised.run();
  await stage.clock.advance(10);
  stage.stopping.abort();
  await stage.clock.advance(100);
  deepStrictEqual(stage.workers[0].orders.map(({ kind }) => kind), ["start", "stop"]);
  strictEqual(stage.workers[0].gone, false);
  await stage.clock.run(running);
  strictEqual(stage.workers[0].gone, true);
  strictEqual(stage.workers.length, 1);
});
