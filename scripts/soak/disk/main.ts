/**
 * A real agent on a disk that is full, slow and broken (goals.md R6): each SDK call answered within 100 ms with the truth,
 * no exit, normal 2 s after the disk is well again, and nothing lost that was answered `durable`.
 *
 *     deno task soak disk [--rounds N] [--seconds N]
 *
 * `--rounds`: how often the disk is filled and freed; `--seconds`: how long each state of it lasts.
 */
import { parseArgs } from "node:util";
import { machineText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { whyNoLoopDisk } from "../loop_disk.ts";
import { phaseText } from "./answers.ts";
import { runDiskRig } from "./disk_rig.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "6" } },
});
const why = await whyNoLoopDisk();
if (why !== undefined) {
  console.log(`Skipped: no file system can be broken here, ${why}`);
  Deno.exit(0);
}
console.log(machineText());
const result = await runDiskRig({
  rounds: countOf(values.rounds),
  seconds: countOf(values.seconds),
  onPhase: (phase) => console.log(phaseText(phase)),
});
for (const skipped of result.skipped) console.log(`Skipped: ${skipped}`);
for (const fault of result.faults) console.log(`Fault: ${fault}`);
console.log(`${result.durable} frames answered durable, all in the store once unless said otherwise`);
Deno.exit(result.faults.length === 0 ? 0 : 1);
