/**
 * What bad batches cost the good ones (goals.md R19): good rows per CPU second of ingest over SQLite, clean and with one
 * bad batch in ten. Both sides of a round store the same good batches, and work in turns. The bad ones come on top, so a
 * share of 1 would mean that they cost nothing.
 *
 *     deno task bench quarantine [--batches N] [--records N] [--rounds N] [--kind crc|body|shape|repeat|time]
 *
 * `crc`: damaged; `body`: nonsense under a right CRC; `shape`: one that nobody knows; `repeat`: another body of what is
 * stored; `time`: records that no table takes. Without `--kind` all of them in turn.
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "./machine.ts";
import { estimateMedian, verdictOf } from "./median.ts";
import { countOf } from "./options.ts";
import { spreadText } from "./percentiles.ts";
import {
  kindsOf,
  makeBundles,
  type QuarantineRound,
  roundText,
  runQuarantineRound,
  shareOf,
  speedOf,
} from "./quarantine_round.ts";

/** Share of the clean speed that is good enough. */
const goal = 0.95;
/** Rounds before those that count: the runtime compiles what is hot. */
const warmUpRounds = 3;

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "450" },
    records: { type: "string", default: "100" },
    rounds: { type: "string", default: "75" },
    kind: { type: "string" },
  },
});
const bad = kindsOf(values.kind);
const count = countOf(values.rounds);
const load = { goodBatches: countOf(values.batches), recordsPerBatch: countOf(values.records), bad };

console.log(`${machineText()}\n${runtimeText()}`);
console.log(
  `${load.goodBatches} good batches of ${load.recordsPerBatch} records, 10 numbers each; bad: ${bad.join(", ")}`,
);
const bundles = makeBundles(load);
const rounds: QuarantineRound[] = [];
for (let number = 1 - warmUpRounds; number <= count; number++) {
  const round = await runQuarantineRound(bundles, { badFirst: number % 2 === 0 });
  if (number < 1) continue;
  console.log(`round ${number}: ${roundText(round)}`);
  rounds.push(round);
}
const shares = rounds.map(shareOf);
const estimate = estimateMedian(shares);
const { median, low, high } = estimate;
console.log(`clean     ${spreadText(rounds.map(({ clean }) => speedOf(clean)), 0)} rows/CPU-s`);
console.log(`with bad  ${spreadText(rounds.map(({ mixed }) => speedOf(mixed)), 0)} rows/CPU-s`);
console.log(`share     ${spreadText(shares, 3)}`);
console.log(
  `median    ${median.toFixed(3)}, in 95 of 100 runs between ${low.toFixed(3)} and ${high.toFixed(3)}; ` +
    `wanted at least ${goal}: ${verdictOf(estimate, goal)}`,
);
