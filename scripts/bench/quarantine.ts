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
import { badKinds, runQuarantineRound } from "./quarantine_round.ts";

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
const bad = badKinds.filter((kind) => values.kind === undefined || kind === values.kind);
if (bad.length === 0) throw new Error(`Cannot take kind "${values.kind}": wanted ${badKinds.join(", ")}`);
const load = { goodBatches: countOf(values.batches), recordsPerBatch: countOf(values.records) };

console.log(`${machineText()}\n${runtimeText()}`);
console.log(
  `${load.goodBatches} good batches of ${load.recordsPerBatch} records, 10 numbers each; bad: ${bad.join(", ")}`,
);
const [clean, mixed, shares]: number[][] = [[], [], []];
await runQuarantineRound({ ...load, bad });
await runQuarantineRound({ ...load, bad: [] });
for (let round = 1; round <= countOf(values.rounds); round++) {
  const order = round % 2 === 0 ? [bad, []] : [[], bad];
  const results = [];
  for (const kinds of order) results.push(await runQuarantineRound({ ...load, bad: kinds }));
  const [without, among] = round % 2 === 0 ? results.toReversed() : results;
  clean.push(without.rowsPerCpuSecond);
  mixed.push(among.rowsPerCpuSecond);
  shares.push(among.rowsPerCpuSecond / without.rowsPerCpuSecond);
  const figures = [without, among].map(({ rowsPerCpuSecond }) => rowsPerCpuSecond.toFixed(0));
  console.log(`round ${round}: clean ${figures[0]}, with ${among.keptAside} bad ${figures[1]} rows/CPU-s`);
}
console.log(`clean     ${spreadText(clean, 0)} rows/CPU-s`);
console.log(`with bad  ${spreadText(mixed, 0)} rows/CPU-s`);
console.log(`share     ${spreadText(shares, 3)}, wanted at least ${goal}`);
