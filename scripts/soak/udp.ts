/**
 * A vehicle's link over poor networks while frames are posted.
 *
 *     deno task soak udp [--store sqlite|questdb] [--minutes N] [--rate N] [--every-ms N] [--seed N]
 */
import { parseArgs } from "node:util";
import { seededRandom } from "#proto/testing/random.ts";
import { machineText, runtimeText } from "../bench/machine.ts";
import { countOf, minutesOf, storeOf } from "../bench/options.ts";
import { isGood } from "./account.ts";
import { countsText, resultText, tableText } from "./report.ts";
import { runUdpRig } from "./udp_rig.ts";
import { weathers } from "./weather.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "500" },
    "every-ms": { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
  },
});
const store = storeOf(values.store);
const [rate, everyMs, seed] = [values.rate, values["every-ms"], values.seed].map(countOf);
const seconds = minutesOf(values.minutes) * 60;
const total = Math.round(rate * seconds);

console.log(`${machineText()}\n${runtimeText()}`);
console.log(`another network every ${everyMs} ms for ${seconds} s under ${total} frames, store ${store}, seed ${seed}`);
const [random, choosing] = [seededRandom(seed), seededRandom(seed + 1)];
const result = await runUdpRig({ store, seconds, total, everyMs, weathers, random, choosing });
console.log(tableText([
  ["networks", countsText(result.turns)],
  ["datagrams up", countsText({ ...result.up })],
  ["datagrams down", countsText({ ...result.down })],
]));
console.log(resultText(result));
Deno.exit(isGood(result.findings) ? 0 : 1);
