import { deepEqual, equal, rejects } from "node:assert/strict";
import { Life, Machine } from "./machine.ts";
import { VirtualTime } from "./virtual_time.ts";

Deno.test("timers fire in order of their times, and what follows from one is over before the next", async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  for (const delayMs of [5, 1, 3, 1]) {
    time.set(delayMs, async () => {
      seen.push(`${delayMs}`);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      seen.push(`${delayMs} over`);
    });
  }
  await time.runTo(4);
  deepEqual(seen, ["1", "1 over", "1", "1 over", "3", "3 over"]);
  equal(time.nowMs, 4);
});

Deno.test("who waits until a moment wakes at it or behind it, never a hair before", async () => {
  const time = new VirtualTime();
  await time.runTo(1_000 / 3);
  const untilMs = time.nowMs + 0.1;
  time.set(untilMs - time.nowMs, () => equal(time.nowMs >= untilMs, true));
  await time.runTo(400);
  equal(time.fired, 1);
});

Deno.test("waiting for nothing again and again is found out", async () => {
  const time = new VirtualTime();
  const again = () => void time.set(0, again);
  again();
  await rejects(time.runTo(1), /Time stands still at 0 ms/);
});

Deno.test("a life's waits end with it, pause while its machine sleeps, and can be given up", async () => {
  const time = new VirtualTime();
  const machine = new Machine(time);
  const [one, other] = [new Life(machine), new Life(machine)];
  const seen: string[] = [];
  void one.after(10).then(() => seen.push("one"));
  void other.after(10).then(() => seen.push("other"));
  const stop = new AbortController();
  void other.after(20, stop.signal).then(() => seen.push("late"), (reason) => seen.push(String(reason)));
  one.end();
  machine.sleep();
  time.set(50, () => machine.wake());
  await time.runTo(15);
  stop.abort("given up");
  await time.runTo(49);
  deepEqual(seen, ["given up"]);
  await time.runTo(51);
  deepEqual(seen, ["given up", "other"]);
  equal(other.uptimeMs(), 1_051);
  equal(other.wallNs() - machine.trueWallNs, 0n);
});
