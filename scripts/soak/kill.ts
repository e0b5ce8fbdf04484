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
import { freeLayout, withSystem } from "../e2e/harness.ts";
import { isGood } from "./account.ts";
import { killInTurn } from "./kill_rotation.ts";
import { countsText, restartsText, resultText, tableText } from "./report.ts";
import { RestartTimes } from "./restart_times.ts";
import { runRig } from "./rig.ts";

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
const layout = await freeLayout({ store });
const restarts = new RestartTimes();
const [agent] = layout.vehicles.map((vehicle) => `agent-${vehicle}`);
let kills: Record<string, number> = {};
const { result, ownEnds } = await withSystem(layout, async (system) => {
  const trouble = async (signal: AbortSignal) => {
    kills = await killInTurn(system, { everyMs, random: seededRandom(seed), signal });
  };
  const result = await runRig(system, { total, seconds, trouble, restarts });
  return { result, ownEnds: system.said.filter((line) => / ended \(/.test(line) && !line.includes("SIGKILL")) };
}, {
  restartPauseMs: () => 0,
  onStarted: (name) => {
    if (name === agent) restarts.handleStarted(performance.now());
  },
});
console.log(tableText([
  ["kills", `${Object.values(kills).reduce((sum, count) => sum + count, 0)}: ${countsText(kills)}`],
  ["ended by themselves", ownEnds.length === 0 ? "none" : ownEnds.join("; ")],
  ["agent takes writes again", restartsText(restarts)],
]));
console.log(resultText(result));
Deno.exit(isGood(result.findings) ? 0 : 1);
