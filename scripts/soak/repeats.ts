/**
 * Every batch sent ten times over half an hour of virtual time, one in a hundred with another body (goals.md R7).
 *
 *     deno run -A scripts/soak/repeats.ts [--batches N] [--records N] [--seed N]
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "../bench/machine.ts";
import { countOf } from "../bench/options.ts";
import { isWell, soakRepeats } from "./repeats_rig.ts";

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "100000" },
    records: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const [batches, recordsPerBatch, seed] = [values.batches, values.records, values.seed].map(countOf);

console.log(`${machineText()}\n${runtimeText()}`);
const begin = performance.now();
const result = await soakRepeats({ batches, recordsPerBatch, seed });
const seconds = (performance.now() - begin) / 1000;
const { deliveries, restarts, changed, rows, rowsWanted, rowsOverwritten, committed, keptAside, misplaced } = result;
console.log(`${deliveries} deliveries of ${batches} batches, ${restarts} owners gone, in ${seconds.toFixed(1)} s`);
console.log(`rows       ${rows}, wanted ${rowsWanted}; overwritten ${rowsOverwritten}; called stored ${committed}`);
console.log(`quarantine ${keptAside} entries for ${changed} changed bodies; ${misplaced} misplaced`);
Deno.exit(isWell(result) ? 0 : 1);
