import { equal, ok } from "node:assert/strict";
import { liveAsideMs } from "../limits.ts";
import { LaneShare } from "./lane_share.ts";

Deno.test("backfill gets its quarter of a link that live could fill alone", () => {
  const share = new LaneShare();
  const sent = { live: 0, backfill: 0 };
  // A link that takes a piece each millisecond, of live when live wants to, else of backfill.
  for (let nowMs = 0; nowMs < 10_000; nowMs++) {
    if (share.pollLive(nowMs) === undefined) {
      sent.live += 8000;
      share.handleLive(8000, { backfillWaits: true });
    } else {
      sent.backfill += 8000;
      share.handleBackfill(8000);
    }
  }
  const part = sent.backfill / (sent.live + sent.backfill);
  ok(part > 0.2 && part < 0.3, `${part}`);
});

Deno.test("live never waits when backfill has nothing", () => {
  const share = new LaneShare();
  for (let nowMs = 0; nowMs < 100; nowMs++) {
    share.handleLive(64_000, { backfillWaits: false });
    equal(share.pollLive(nowMs), undefined);
  }
});

Deno.test("live goes on after a while although backfill does not move", () => {
  const share = new LaneShare();
  for (let i = 0; i < 100; i++) share.handleLive(64_000, { backfillWaits: true });
  equal(share.pollLive(5), 5 + liveAsideMs);
  equal(share.pollLive(5 + liveAsideMs - 1), 5 + liveAsideMs);
  equal(share.pollLive(5 + liveAsideMs), undefined);
});
