/**
 * The ledger on a real flight whose network is cut three times: a table of what the vehicle has, what the cloud knows,
 * what is stored, and where the rest is.
 *
 *     deno task soak ledger [--flight FILE] [--cuts N] [--cut-seconds N] [--bytes-per-second N]
 */
import { parseArgs } from "node:util";
import { countOf } from "../bench/options.ts";
import { runLedgerRig } from "./io/ledger_rig.ts";
import { ledgerText, momentHead, momentText, sumsOf } from "./ledger_table.ts";

const { values } = parseArgs({
  options: {
    flight: { type: "string", default: "proto/testdata/flights/px4-quad-imu.ndjson.gz" },
    cuts: { type: "string", default: "3" },
    // A link that is silent for 15 s ends, and the next login tells the cloud what is on board.
    "cut-seconds": { type: "string", default: "16" },
    "bytes-per-second": { type: "string", default: "40000" },
  },
});
const [cuts, secondsCut, bytesPerSecond] = [values.cuts, values["cut-seconds"], values["bytes-per-second"]].map(
  countOf,
);

console.log(`${values.flight} in real time, ${bytesPerSecond / 1000} kB/s, cut ${cuts} times for ${secondsCut} s\n`);
console.log(momentHead);
const { durable, ledger } = await runLedgerRig({
  flight: values.flight,
  ...{ cuts, secondsBefore: 4, secondsCut, secondsBetween: 7, bytesPerSecond },
  onMoment: (moment) => console.log(momentText(moment)),
});
console.log("\nThe vehicle's own records are counted by the cloud too: one for each epoch, and one for each gap.");
console.log(ledgerText(ledger));
const { stored, missing } = sumsOf(ledger);
Deno.exit(missing === 0 && stored >= durable ? 0 : 1);
