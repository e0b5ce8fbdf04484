import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { StatusAnswer } from "./agent_api.ts";
import { TakenFrames } from "./taken_frames.ts";

function statusOf(
  unsettled: StatusAnswer["unsettled"],
  { boot = "a", lost = 0, quarantined = 0 }: { boot?: string; lost?: number; quarantined?: number } = {},
): StatusAnswer {
  return { vehicle_id: "drone-001", boot, unsettled, last_verdict_at_ms: null, gone: { lost, quarantined } };
}

Deno.test("all is settled when nothing at or below what was answered is open", () => {
  const taken = new TakenFrames();
  for (let seq = 5; seq <= 9; seq++) taken.handleTaken({ epoch: "1", class: "normal", seq });
  strictEqual(taken.count, 5);
  const line = { epoch: "1", class: "normal", records: 3 };
  deepStrictEqual(taken.handleStatus(statusOf([{ ...line, first: 9 }])), { open: 3, isSettled: false, gone: 0 });
  strictEqual(taken.handleStatus(statusOf([{ ...line, first: 10 }])).isSettled, true);
  strictEqual(taken.handleStatus(statusOf([])).isSettled, true);
});

Deno.test("other classes and epochs are others' business", () => {
  const taken = new TakenFrames();
  taken.handleTaken({ epoch: "1", class: "normal", seq: 9 });
  const others = [{ epoch: "1", class: "event", first: 1, records: 4 }, {
    epoch: "2",
    class: "normal",
    first: 1,
    records: 4,
  }];
  deepStrictEqual(taken.handleStatus(statusOf(others)), { open: 0, isSettled: true, gone: 0 });
});

Deno.test("what is gone counts from the first look on, over restarts of the agent", () => {
  const taken = new TakenFrames();
  strictEqual(taken.handleStatus(statusOf([], { lost: 7 })).gone, 0);
  strictEqual(taken.handleStatus(statusOf([], { lost: 8, quarantined: 2 })).gone, 3);
  strictEqual(taken.handleStatus(statusOf([], { boot: "b", lost: 1 })).gone, 4);
  strictEqual(taken.handleStatus(statusOf([], { boot: "b", lost: 1, quarantined: 1 })).gone, 5);
});
