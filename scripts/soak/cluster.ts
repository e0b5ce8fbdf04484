/**
 * A hub of three NATS nodes under faults while frames are posted (goals.md R9).
 *
 *     deno task soak cluster [--store sqlite|questdb] [--minutes N] [--rate N] [--every-ms N] [--fault-ms N] [--seed N]
 */
import { parseArgs } from "node:util";
import { seededRandom } from "#proto/testing/random.ts";
import { machineText, runtimeText } from "../bench/machine.ts";
import { countOf, minutesOf, storeOf } from "../bench/options.ts";
import { isGood } from "./account.ts";
import { runClusterRig } from "./cluster_rig.ts";
import { countsText, resultText, stallsText, tableText } from "./report.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "500" },
    "every-ms": { type: "string", default: "10000" },
    "fault-ms": { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
  },
});
const store = storeOf(values.store);
const [rate, everyMs, faultMs, seed] = [values.rate, values["every-ms"], values["fault-ms"], values.seed].map(countOf);
const seconds = minutesOf(values.minutes) * 60;
const total = Math.round(rate * seconds);

console.log(`${machineText()}\n${runtimeText()}`);
console.log(
  `one of three nodes harmed every ${everyMs} ms for ${faultMs} ms, ${seconds} s under ${total} frames, ` +
    `store ${store}, seed ${seed}`,
);
const result = await runClusterRig({ store, seconds, total, everyMs, faultMs, random: seededRandom(seed) });
console.log(tableText([
  ["copies", Object.entries(result.copies).map(([name, count]) => `${name} ${count}`).join(", ")],
  ["faults", countsText(result.stalls.counts)],
  ["longest without a verdict", stallsText(result.stalls)],
]));
console.log(resultText(result));
Deno.exit(isGood(result.findings) ? 0 : 1);
