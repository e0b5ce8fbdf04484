/**
 * Stops over a narrow network that loses, with the vehicle's backlog full.
 *
 *     deno task soak stop [--count N] [--seed N]
 */
import { parseArgs } from "node:util";
import { seededRandom } from "#proto/testing/random.ts";
import { machineText, runtimeText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { percentilesOf, percentilesText, spreadText } from "../../bench/percentiles.ts";
import { tableText } from "../report.ts";
import { runStopRig } from "./rig.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
});
const [count, seed] = [values.count, values.seed].map(countOf);
/** 1 Mbit/s, a fifth lost, 50 ms, each way. */
const path = { bytesPerSecond: 125_000, loss: 0.2, delayMs: 50, queueMsMax: 500 };

console.log(`${machineText()}\n${runtimeText()}`);
console.log(`${count} stops over 1 Mbit/s, 20 % loss, 50 ms each way, seed ${seed}`);
const { stopsMs, acknowledgedMs, begunWhileStopped, backlog } = await runStopRig({
  count,
  path,
  random: seededRandom(seed),
});
console.log(tableText([
  ["to the vehicle's software", percentilesText(percentilesOf(stopsMs))],
  ["to its signed word", percentilesText(percentilesOf(acknowledgedMs))],
  ["records in its backlog", spreadText(backlog, 0)],
  ["motions begun meanwhile", begunWhileStopped],
]));
Deno.exit(begunWhileStopped === 0 ? 0 : 1);
