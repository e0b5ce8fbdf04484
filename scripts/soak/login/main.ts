/**
 * Logins by attackers of every kind, in turn, at the pure machine of the relay (goals.md R13): none is let in, good ones
 * are, and each is checked in less than 2 ms.
 *
 *     deno task soak login [--tries N] [--seed N]
 */
import "reflect-metadata";
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { isShut, loginReport, soakLogin } from "./login_rig.ts";

const { values } = parseArgs({
  options: { tries: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const [tries, seed] = [values.tries, values.seed].map(countOf);
console.log(`${machineText()}\n${runtimeText()}`);
const begin = performance.now();
const result = await soakLogin({
  tries,
  seed,
  onProgress: (done) => console.error(`${done} of ${tries} after ${((performance.now() - begin) / 1000).toFixed(0)} s`),
});
console.log(loginReport(result).join("\n"));
console.log(`${((performance.now() - begin) / 1000).toFixed(0)} s, ${machineText()}`);
Deno.exit(isShut(result) ? 0 : 1);
