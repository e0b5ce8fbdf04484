/** A hub of three nodes, of which one is killed, one paused and one cut off while frames are posted: nothing is lost. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { isGood } from "../soak/account.ts";
import { runClusterRig } from "../soak/cluster_rig.ts";
import { resultText } from "../soak/report.ts";

const total = 5_000;

Deno.test("a hub of three nodes loses nothing when one is killed, one paused, one cut from the others", async () => {
  const { findings, stalls, copies, ...rest } = await runClusterRig({
    ...{ store: "sqlite", seconds: 21, total, everyMs: 6_000, faultMs: 3_000 },
    random: seededRandom(1),
  });
  const logs = ["TELEMETRY", "SESSIONS", "AUDIT"];
  const buckets = [
    "shapes",
    "partitions",
    "vehicles",
    "presence",
    "commands",
    "command_keys",
    "stops",
    "boots",
    "api_keys",
  ];
  const names = [...logs, ...buckets.map((bucket) => `KV_${bucket}`)];
  deepStrictEqual(copies, Object.fromEntries(names.map((name) => [name, 3])));
  ok(isGood(findings), resultText({ findings, ...rest }));
  deepStrictEqual([findings.stored, findings.durable + rest.posts.buffered], [findings.durable, total]);
  deepStrictEqual(stalls.counts, { kill: 1, pause: 1, cut: 1 });
});
