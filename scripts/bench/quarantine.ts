/**
 * What bad batches cost the good ones (goals.md R19): rows per CPU second of ingest over SQLite, clean and with one bad
 * batch in ten, in turns. Both store the same good batches.
 *
 *     deno task bench quarantine [--batches N] [--records N] [--rounds N] [--kind crc|body|shape|repeat|time]
 *
 * `crc`: damaged; `body`: nonsense under a right CRC; `shape`: one that nobody knows; `repeat`: another body of what is
 * stored; `time`: records that no table takes. Without `--kind` all of them in turn.
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "./machine.ts";
import { countOf } from "./options.ts";
import { spreadText } from "./percentiles.ts";
import { kindsOf, pairText, type RoundPair, runPair } from "./quarantine_round.ts";

/** Share of the clean speed that is good enough. */
const goal = 0.95;

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "900" },
    records: { type: "string", default: "100" },
    rounds: { type: "string", default: "7" },
    kind: { type: "string" },
  },
});
const bad = kindsOf(values.kind);
const rounds = countOf(values.rounds);
const load = { goodBatches: countOf(values.batches), recordsPerBatch: countOf(values.records) };

console.log(`${machineText()}\n${runtimeText()}`);
console.log(
  `${load.goodBatches} good batches of ${load.recordsPerBatch} records, 10 numbers each; bad: ${bad.join(", ")}`,
);
await runPair(load, { bad, badFirst: true });
const pairs: RoundPair[] = [];
for (let round = 1; round <= rounds; round++) {
  const pair = await runPair(load, { bad, badFirst: round % 2 === 0 });
  console.log(`round ${round}: ${pairText(pair)}`);
  pairs.push(pair);
}
const [clean, mixed] = [pairs.map((pair) => pair.clean), pairs.map((pair) => pair.mixed)]
  .map((all) => all.map(({ rowsPerCpuSecond }) => rowsPerCpuSecond));
const shares = mixed.map((speed, at) => speed / clean[at]);
console.log(`clean     ${spreadText(clean, 0)} rows/CPU-s`);
console.log(`with bad  ${spreadText(mixed, 0)} rows/CPU-s`);
console.log(`share     ${spreadText(shares, 3)}, wanted at least ${goal}`);
