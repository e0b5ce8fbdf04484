/**
 * A relay under attack (goals.md R15): anonymous peers over QUIC that push data, are silent or say Hello in vain, and
 * slow HTTP, while a genuine vehicle goes on and another logs in again and again. Memory and delay as curves.
 *
 *     deno task soak attack [--minutes N] [--peers N] [--http N]
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "../../bench/machine.ts";
import { countOf, minutesOf } from "../../bench/options.ts";
import { percentilesOf, percentilesText } from "../../bench/percentiles.ts";
import { curvesText, verdictOf, verdictText } from "./curve.ts";
import { runAttackRig } from "./io/attack_rig.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    peers: { type: "string", default: "1000" },
    http: { type: "string", default: "200" },
  },
});
const attackSeconds = Math.ceil(minutesOf(values.minutes) * 60);
const [peers, slowHttp] = [values.peers, values.http].map(countOf);
console.log(`${machineText()}\n${runtimeText()}`);
const result = await runAttackRig({
  quietSeconds: Math.min(60, attackSeconds),
  attackSeconds,
  stretchSeconds: 10,
  peers,
  slowHttp,
  onStretch: ({ seconds, shardBytes }) => console.error(`${seconds} s, shard ${(shardBytes / 2 ** 20).toFixed(0)} MiB`),
});
const verdict = verdictOf(result.stretches);
const { logins, batches } = result;
console.log(curvesText(result.stretches));
console.log(`${peers} peers and ${slowHttp} slow HTTP connections: ${JSON.stringify(result.strangers)}`);
console.log(
  result.metrics.split("\n").filter((line) => /(turned_away|refused|handshakes_failed)_total\{/.test(line)).join("\n"),
);
console.log(
  `genuine vehicle: ${batches.received} of ${batches.sent} batches received, link ${result.vehicleEnd ?? "alive"}`,
);
console.log(
  `another's logins: ${logins.welcome} of ${logins.tries} welcome, ${percentilesText(percentilesOf(logins.ms), 0)}`,
);
console.log(verdictText(verdict).join("\n"));
console.log(machineText());
Deno.exit(verdict.isGrowthReached && verdict.isP99Reached && result.vehicleEnd === undefined ? 0 : 1);
