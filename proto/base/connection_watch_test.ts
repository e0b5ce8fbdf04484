import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ConnectionWatch } from "./connection_watch.ts";

const times = { headMs: 5, answerMs: 30, idleMs: 60 };

/** The first moment from `from` on at which a connection is over, and why. */
function overFrom(watch: ConnectionWatch, from: number): [number, string] {
  for (let nowMs = from;; nowMs++) {
    const over = watch.poll(nowMs);
    if (over !== undefined) return [nowMs, over];
  }
}

/** A watch whose first head was whole at 4. */
function asking({ asksForUpgrade = false } = {}): ConnectionWatch {
  const watch = new ConnectionWatch(times, 0);
  watch.handleHead({ asksForUpgrade }, 4);
  return watch;
}

Deno.test("each state has its time", () => {
  deepStrictEqual(overFrom(new ConnectionWatch(times, 0), 0), [5, "head"]);
  deepStrictEqual(overFrom(asking(), 4), [34, "answer"]);
  const idle = asking();
  idle.handleServer(10);
  idle.handleWritten(11);
  deepStrictEqual(overFrom(idle, 11), [71, "idle"]);
});

Deno.test("bytes of the first head buy no time, nor do those of a later one or of a body", () => {
  const watch = asking();
  for (let nowMs = 5; nowMs < 34; nowMs++) watch.handleClient(nowMs);
  strictEqual(watch.poll(34), "answer");
  const later = asking();
  later.handleServer(10);
  later.handleWritten(10);
  for (let nowMs = 20; nowMs < 50; nowMs++) later.handleClient(nowMs);
  deepStrictEqual(overFrom(later, 20), [50, "answer"]);
});

Deno.test("a server that goes on speaking keeps the connection, while somebody reads it", () => {
  const watch = asking();
  for (let nowMs = 10; nowMs < 1000; nowMs += 50) {
    strictEqual(watch.poll(nowMs), undefined);
    watch.handleServer(nowMs);
    watch.handleWritten(nowMs + 1);
  }
  watch.handleServer(1000);
  deepStrictEqual(overFrom(watch, 1000), [1030, "reading"]);
});

Deno.test("after an upgrade only silence ends it", () => {
  const watch = asking({ asksForUpgrade: true });
  for (let nowMs = 10; nowMs < 1000; nowMs += 50) {
    strictEqual(watch.poll(nowMs), undefined);
    watch.handleClient(nowMs);
  }
  deepStrictEqual(overFrom(watch, 960), [1020, "idle"]);
});
