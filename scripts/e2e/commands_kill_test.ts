/** Commands over poor networks while relay, cloud and agent are killed: every word about them is true, and none is left open. */
import { ok } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { isKept } from "../soak/commands/judge.ts";
import { runCommandRig } from "../soak/commands/rig.ts";
import { blocked, lossy, rebound } from "../soak/weather.ts";

Deno.test("what became of each command is true, whatever was killed and lost on its way", async () => {
  const random = seededRandom(1);
  const weathers = [lossy, rebound, blocked];
  const { findings, kills } = await runCommandRig({ count: 200, perSecond: 10, everyMs: 4_000, weathers, random });
  const told = JSON.stringify({ findings, kills });
  ok(isKept(findings), told);
  ok((findings.states.succeeded ?? 0) > 20 && Object.values(kills).every((count) => count > 0), told);
});
