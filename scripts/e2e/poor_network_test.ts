/** A vehicle whose network loses a tenth, gives it a new port, and then carries nothing for a while: all arrives, once. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { isGood } from "../soak/account.ts";
import { resultText } from "../soak/report.ts";
import { runUdpRig } from "../soak/udp_rig.ts";
import { blocked, lossy, rebound } from "../soak/weather.ts";

const total = 5_000;

Deno.test("nothing is lost over a network that loses a tenth, rebinds, and blocks for seconds", async () => {
  const { findings, turns, up, down, ...rest } = await runUdpRig({
    ...{ store: "sqlite", seconds: 17, total, everyMs: 6_000 },
    weathers: [lossy, rebound, blocked],
    random: seededRandom(1),
  });
  ok(isGood(findings), resultText({ findings, ...rest }));
  deepStrictEqual([findings.stored, findings.durable + rest.posts.buffered], [findings.durable, total]);
  deepStrictEqual(turns, { lossy: 1, rebound: 1, blocked: 1 });
  for (const { lost, blocked } of [up, down]) ok(lost > 0 && blocked > 0, JSON.stringify([up, down]));
});
