import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { VirtualClock } from "./clock.ts";

Deno.test("timers fire in order of due time, then of creation, and time stands still between", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const fired: string[] = [];
  const note = (name: string, delayMs: number) =>
    void clock.after(delayMs).then(() => fired.push(`${name} ${clock.uptimeMs()}`));
  note("late", 30);
  note("first", 10);
  note("second", 10);
  await clock.advance(9);
  deepStrictEqual(fired, []);
  await clock.advance(11);
  deepStrictEqual(fired, ["first 10", "second 10"]);
  strictEqual(clock.uptimeMs(), 20);
  await clock.advance(100);
  deepStrictEqual(fired.at(-1), "late 30");
});

Deno.test("what follows from a timer runs before the next one", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const fired: number[] = [];
  const tick = async () => {
    for (let i = 0; i < 3; i++) {
      await clock.after(10);
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      fired.push(clock.uptimeMs());
    }
  };
  const ticking = tick();
  await clock.advance(30);
  deepStrictEqual(fired, [10, 20, 30]);
  await ticking;
});

Deno.test("the wall clock follows the uptime, and a step moves it alone", async () => {
  const clock = new VirtualClock({ wallNs: 1_000_000_000n, uptimeMs: 5 });
  strictEqual(clock.wallNs(), 1_000_000_000n);
  await clock.advance(7);
  strictEqual(clock.wallNs(), 1_007_000_000n);
  clock.stepWall(-3_000_000n);
  strictEqual(clock.wallNs(), 1_004_000_000n);
  strictEqual(clock.uptimeMs(), 12);
});

Deno.test("a signal ends waiting, before or during", async () => {
  const clock = new VirtualClock();
  await rejects(clock.after(10, AbortSignal.abort(new RangeError("before"))), RangeError);
  const abort = new AbortController();
  const waiting = rejects(clock.after(10, abort.signal), RangeError);
  abort.abort(new RangeError("during"));
  await waiting;
  await rejects(clock.run(clock.after(5, abort.signal)), RangeError);
});

Deno.test("run takes work to its end, its fault, its limit, or finds it stuck", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const work = async () => {
    await clock.after(50_000);
    return clock.uptimeMs();
  };
  strictEqual(await clock.run(work()), 50_000);
  await rejects(clock.run(clock.after(10).then(() => Promise.reject(new RangeError("fault")))), RangeError);
  await rejects(clock.run(clock.after(5000), { limitMs: 1000 }), /still waiting/);
  await clock.advance(5000);
  await rejects(clock.run(new Promise(() => {})), /nothing that this clock drives/);
});
