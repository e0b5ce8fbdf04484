import { ok, rejects } from "node:assert/strict";
import { processClock, systemClock } from "./clock.ts";
import { openLibc } from "./libc.ts";

for (const [name, clock] of [["system clock", systemClock()], ["process clock", processClock()]] as const) {
  Deno.test(`${name}: wall time is now, uptime rises, waits end`, async () => {
    const differenceMs = Number(clock.wallNs() / 1_000_000n) - Date.now();
    ok(Math.abs(differenceMs) < 1_000, `wall clock is ${differenceMs} ms off`);
    const before = clock.uptimeMs();
    await clock.after(5);
    ok(clock.uptimeMs() - before >= 4, "uptime stood still");
  });

  Deno.test(`${name}: a wait ends with its signal`, async () => {
    const stop = new AbortController();
    const waiting = clock.after(60_000, stop.signal);
    stop.abort(new Error("enough"));
    await rejects(waiting, /enough/);
    await rejects(clock.after(60_000, AbortSignal.abort(new Error("before"))), /before/);
  });
}

Deno.test({
  name: "the kernel's uptime is the one that libc reports",
  ignore: Deno.build.os !== "linux", // CLOCK_BOOTTIME exists on Linux only
  fn: () => {
    const uptimeMs = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e3;
    ok(Math.abs((openLibc()?.bootTimeMs() ?? 0) - uptimeMs) < 1_000);
  },
});
