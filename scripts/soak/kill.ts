/**
 * kill -9 of one random process after another while frames are posted (goals.md R1).
 *
 *     deno task soak kill [--store sqlite|questdb] [--minutes N] [--frames N] [--every-ms N] [--seed N]
 *
 * A keeper starts each again at once. A restart of the agent is measured from the start of its process to the end of the
 * first durable answer.
 */
import { parseArgs } from "node:util";
import { seededRandom } from "#proto/testing/random.ts";
import { machineText, runtimeText } from "../bench/machine.ts";
import { countOf, minutesOf, storeOf } from "../bench/options.ts";
import { isGood } from "./account.ts";
import { runKillRig } from "./kill_rig.ts";
import { countsText, restartsText, resultText, tableText } from "./report.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    minutes: { type: "string", default: "20" },
    frames: { type: "string", default: "1000000" },
    "every-ms": { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
  },
});
const store = storeOf(values.store);
const [total, everyMs, seed] = [values.frames, values["every-ms"], values.seed].map(countOf);
const seconds = minutesOf(values.minutes) * 60;

console.log(`${machineText()}\n${runtimeText()}`);
console.log(`kill -9 every ${everyMs} ms for ${seconds} s under ${total} frames, store ${store}, seed ${seed}`);
const result = await runKillRig({ store, seconds, total, everyMs, random: seededRandom(seed) });
console.log(tableText([
  ["kills", countsText(result.kills)],
  ["ended by themselves", result.ownEnds.join("; ") || "none"],
  ["agent takes writes again", restartsText(result.restarts)],
]));
console.log(resultText(result));
Deno.exit(isGood(result.findings) ? 0 : 1);
