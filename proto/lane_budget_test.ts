import { ok, strictEqual, throws } from "node:assert/strict";
import type { Instant } from "./instant.ts";
import { LaneBudget } from "./lane_budget.ts";
import { laneBufferMs, readReportIntervalMs } from "./limits.ts";
import { messageBytes } from "./link_message.ts";

const KiB = 1024;

function at(uptimeMs: number): Instant {
  return { uptimeMs, wallNs: 0n };
}

function reportOf(live: number, backfill = 0): Uint8Array {
  return messageBytes("readReport", { liveBytes: BigInt(live), backfillBytes: BigInt(backfill) });
}

interface Link {
  /** What the link carries. */
  readonly bytesPerSecond: number;
  readonly rttMs: number;
}

/**
 * A sender with endless data over a link of that pace, for `seconds`. Returns what was carried per second in the last
 * second, and the most that lay in the sender's buffer then, in milliseconds of the link's pace.
 */
function saturate(link: Link, seconds: number): { carriedPerSecond: number; bufferedMs: number } {
  const budget = new LaneBudget(at(0));
  const reports: { arrivesMs: number; read: number }[] = [];
  let buffered = 0;
  let carried = 0;
  let carriedBefore = 0;
  let bufferedMax = 0;
  for (let ms = 0; ms < seconds * 1000; ms++) {
    while (reports.length > 0 && reports[0].arrivesMs <= ms) {
      budget.handleReadReport(reportOf(reports.shift()?.read ?? 0), at(ms), { rttMs: link.rttMs });
    }
    for (let room = budget.allowance("live"); room > 0; room = budget.allowance("live")) {
      const piece = Math.min(room, 16 * KiB);
      budget.handleWrite("live", piece, at(ms));
      buffered += piece;
    }
    const sent = Math.min(buffered, link.bytesPerSecond / 1000);
    buffered -= sent;
    carried += sent;
    if (ms === (seconds - 1) * 1000) carriedBefore = carried;
    if (ms > (seconds - 1) * 1000) bufferedMax = Math.max(bufferedMax, buffered);
    if (ms % readReportIntervalMs === 0) reports.push({ arrivesMs: ms + link.rttMs, read: Math.floor(carried) });
  }
  return { carriedPerSecond: carried - carriedBefore, bufferedMs: bufferedMax / link.bytesPerSecond * 1000 };
}

Deno.test("a lane fills its link, short or long, and buffers no more than its share of time", () => {
  for (const bytesPerSecond of [500_000, 2_000_000, 8_000_000]) {
    for (const rttMs of [2, 50, 150, 400]) {
      const { carriedPerSecond, bufferedMs } = saturate({ bytesPerSecond, rttMs }, 20);
      const link = `${bytesPerSecond} B/s, ${rttMs} ms`;
      ok(carriedPerSecond > 0.9 * bytesPerSecond, `${link}: carried ${carriedPerSecond}`);
      ok(bufferedMs < laneBufferMs + 2 * readReportIntervalMs, `${link}: buffered ${bufferedMs} ms`);
    }
  }
});

Deno.test("a new lane may send a little, and then waits for the relay to read", () => {
  const budget = new LaneBudget(at(0));
  strictEqual(budget.allowance("live"), 64 * KiB);
  budget.handleWrite("live", 60 * KiB, at(0));
  strictEqual(budget.allowance("live"), 4 * KiB);
  budget.handleWrite("live", 10 * KiB, at(0));
  ok(budget.allowance("live") < 0);
  strictEqual(budget.allowance("backfill"), 64 * KiB, "lanes do not share");
  budget.handleReadReport(reportOf(70 * KiB), at(100));
  ok(budget.allowance("live") > 64 * KiB);
});

Deno.test("a pause does not lower the rate", () => {
  const budget = new LaneBudget(at(0));
  budget.handleWrite("live", 64 * KiB, at(0));
  budget.handleReadReport(reportOf(64 * KiB), at(100));
  const rate = budget.rate("live");
  ok(rate > 600_000);
  budget.handleWrite("live", 1000 * KiB, at(60_000));
  budget.handleReadReport(reportOf(164 * KiB), at(60_100));
  ok(budget.rate("live") > rate);
});

Deno.test("a lane with little to send keeps its rate", () => {
  const budget = new LaneBudget(at(0));
  budget.handleWrite("live", 64 * KiB, at(0));
  budget.handleReadReport(reportOf(64 * KiB), at(100));
  const rate = budget.rate("live");
  for (let turn = 1; turn <= 50; turn++) {
    budget.handleWrite("live", KiB, at(100 + turn * 100));
    budget.handleReadReport(reportOf(64 * KiB + turn * KiB), at(200 + turn * 100));
  }
  strictEqual(budget.rate("live"), rate);
});

Deno.test("a relay's report can neither take back nor run ahead", () => {
  const budget = new LaneBudget(at(0));
  budget.handleWrite("live", 10 * KiB, at(0));
  budget.handleReadReport(reportOf(1e12), at(100));
  ok(budget.allowance("live") <= 4 * 1024 * KiB);
  const allowance = budget.allowance("live");
  budget.handleReadReport(reportOf(0), at(200));
  strictEqual(budget.allowance("live"), allowance);
  throws(() => budget.handleReadReport(new Uint8Array([0xff]), at(300)), { code: "bad_message" });
});

Deno.test("a stalled relay brings the budget down to what always may be out", () => {
  const budget = new LaneBudget(at(0));
  budget.handleWrite("live", 64 * KiB, at(0));
  budget.handleReadReport(reportOf(64 * KiB), at(1));
  budget.handleWrite("live", 4096 * KiB, at(1));
  for (let ms = 100; ms < 3000; ms += 100) {
    budget.handleWrite("live", 1, at(ms));
    budget.handleReadReport(reportOf(64 * KiB), at(ms));
  }
  ok(budget.rate("live") < 1000, `rate ${budget.rate("live")}`);
});
