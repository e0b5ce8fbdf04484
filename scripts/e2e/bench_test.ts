/** The benches that need a whole system, run for so short a time that their figures mean nothing. */
import { deepEqual, ok } from "node:assert/strict";
import { cpuOfUnits } from "../bench/bench_system.ts";
import { openCommandRound } from "../bench/command_round.ts";
import { runDevRound } from "../bench/dev_round.ts";
import { beginStream, runLiveRound } from "../bench/live_round.ts";
import { freeLayout, withSystem } from "./harness.ts";

Deno.test("a round of the live bench posts every frame and sees every sample", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    await beginStream(system);
    const result = await runLiveRound(system, { perSecond: 200, seconds: 1, sampleEvery: 20 });
    deepEqual([result.posts, result.samples], [200, 10]);
    ok(result.answered.p50 <= result.queryable.p50, JSON.stringify(result));
    deepEqual([...cpuOfUnits(system).keys()], ["hub", "leaf", "cloud", "relay", "agent-drone-001", "bench"]);
  });
});

Deno.test("a round of the dev bench sees the simulated vehicle after all is well", async () => {
  const { well, visible, stopped } = await runDevRound("sqlite");
  ok(0 < well && well <= visible && stopped > 0, JSON.stringify({ well, visible, stopped }));
});

Deno.test("a round of the bench of commands gets through, and so does the bare request beside it", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const { command, echo, close } = await openCommandRound(system);
    await command();
    await echo();
    await close();
  });
});
