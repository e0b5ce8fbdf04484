/** kill -9 of each process in turn while frames are posted: nothing that was answered durable is lost, no row is double. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { isGood } from "../soak/account.ts";
import { runKillRig } from "../soak/kill_rig.ts";
import { resultText } from "../soak/report.ts";

const total = 10_000;

Deno.test("kill -9 of hub, leaf, cloud, relay and agent in turn loses nothing and doubles nothing", async () => {
  const { findings, kills, ownEnds, restarts, ...rest } = await runKillRig({
    ...{ store: "sqlite", seconds: 20, total, everyMs: 1_600 },
  });
  ok(isGood(findings), resultText({ findings, ...rest }));
  deepStrictEqual([findings.stored, findings.durable + rest.posts.buffered], [findings.durable, total]);
  deepStrictEqual(ownEnds, []);
  deepStrictEqual(Object.keys(kills), ["hub", "leaf", "cloud", "relay", "agent-drone-001"]);
  ok(Object.values(kills).every((count) => count >= 1), JSON.stringify(kills));
  // The last may have been killed before it took anything, or start when all was posted.
  ok(restarts.timesMs.length >= 1 && restarts.timesMs.length <= kills["agent-drone-001"]);
});
