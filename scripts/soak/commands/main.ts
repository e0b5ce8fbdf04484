/**
 * Commands to a vehicle over poor networks, under kills.
 *
 *     deno task soak commands [--count N] [--rate N] [--every-ms N] [--seed N]
 */
import { parseArgs } from "node:util";
import { seededRandom } from "#proto/testing/random.ts";
import { machineText, runtimeText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { countsText, tableText } from "../report.ts";
import { weathers } from "../weather.ts";
import { isKept } from "./judge.ts";
import { runCommandRig } from "./rig.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    rate: { type: "string", default: "20" },
    "every-ms": { type: "string", default: "4000" },
    seed: { type: "string", default: "1" },
  },
});
const [count, perSecond, everyMs, seed] = [values.count, values.rate, values["every-ms"], values.seed].map(countOf);

console.log(`${machineText()}\n${runtimeText()}`);
console.log(`${count} commands at ${perSecond} a second, a kill and another network every ${everyMs} ms, seed ${seed}`);
const result = await runCommandRig({ count, perSecond, everyMs, weathers, random: seededRandom(seed) });
const { findings, kills, repeated, settledMs } = result;
console.log(tableText([
  ["kills", countsText(kills)],
  ["requests made again", repeated],
  ["settled after the last", `${(settledMs / 1000).toFixed(1)} s`],
  ["states", countsText(findings.states)],
  ["begun twice", findings.twice],
  ["begun after expiry", findings.afterExpiry],
  ["success that was none", findings.falseSuccess],
  ["refusal that was none", findings.falseRefusal],
  ["left open", findings.open],
  ["answered and missing", findings.missing],
  ["verdict", isKept(findings) ? "every word was true" : "PROMISES WERE BROKEN"],
]));
Deno.exit(isKept(findings) ? 0 : 1);
