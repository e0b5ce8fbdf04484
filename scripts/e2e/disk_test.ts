/** A disk that is full, slow and broken under a real agent, for a short time; the full run is `deno task soak disk`. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { phaseText } from "../soak/disk/answers.ts";
import { runDiskRig } from "../soak/disk/disk_rig.ts";
import { whyNoLoopDisk } from "../soak/loop_disk.ts";

const why = await whyNoLoopDisk();
if (why !== undefined) console.log(`Real disks are not broken here: ${why}`);

Deno.test({
  name: "an agent outlives a disk that is full, slow, broken and back, tells the truth, and loses nothing durable",
  // Needs root and ext4 to break a file system; why not is printed above.
  ignore: why !== undefined,
  fn: async () => {
    const { phases, durable, faults } = await runDiskRig({ rounds: 1, seconds: 3 });
    const told = phases.map(phaseText).join("\n");
    // How soon an answer comes on a machine that tests share says nothing; the full run tells.
    equal(faults.filter((fault) => !fault.includes("took more than")), [], told);
    const outcomes = (name: string) =>
      new Set(phases.find((phase) => phase.name === name)?.answers.map((a) => a.outcome));
    ok(durable > 100 && outcomes("full 1").has("disk_full") && outcomes("EIO").has("disk_failed"), told);
  },
});
