/** Power cuts on real file systems, a few of each; the full runs are `deno task soak power`. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { whyNoLoopDisk } from "../soak/loop_disk.ts";
import { cutText } from "../soak/power/cuts.ts";
import { flaws } from "../soak/power/flawed_disk.ts";
import { cutNats } from "../soak/power/nats_cuts.ts";
import { cutQuestDb } from "../soak/power/questdb_cuts.ts";
import { cutRing } from "../soak/power/ring_cuts.ts";

const why = await whyNoLoopDisk();
if (why !== undefined) console.log(`Power cuts are not tested here: ${why}`);
// Needs root and ext4; why not is printed.
const ignore = why !== undefined;

Deno.test({
  name: "15 power cuts under the ring lose nothing that was acknowledged",
  ignore,
  fn: async () => {
    const result = await cutRing({ cuts: 15 });
    const { lost, wrong, acknowledged, found } = result.promises;
    equal([result.cuts, lost, wrong], [15, [], []], cutText(result));
    ok(acknowledged > 100 && found > 100, `too little was written to tell: ${cutText(result)}`);
  },
});

for (const flaw of flaws) {
  Deno.test({
    name: `a ring on a disk with the flaw ${flaw} is found out within 15 power cuts`,
    ignore,
    fn: async () => {
      const result = await cutRing({ cuts: 15, flaw });
      ok(result.promises.lost.length > 0, cutText(result));
    },
  });
}

Deno.test({
  name: "5 power cuts under the log lose nothing that was acknowledged before them",
  ignore,
  fn: async () => {
    const result = await cutNats({ cuts: 5 });
    const { lost, wrong, acknowledged, found } = result.promises;
    equal([result.cuts, lost, wrong], [5, [], []], cutText(result));
    ok(acknowledged > 10 && found > 10, `too little was published to tell: ${cutText(result)}`);
  },
});

Deno.test({
  name: "a log that syncs now and then only is found out within 10 power cuts",
  ignore,
  fn: async () => {
    const result = await cutNats({ cuts: 10, flaw: "no_sync" });
    ok(result.promises.lost.length > 0, cutText(result));
  },
});

Deno.test({
  name: "a power cut under QuestDB, tables and columns just made, loses nothing that was committed",
  ignore,
  fn: async () => {
    const result = await cutQuestDb({ cuts: 1, growth: true });
    const { lost, wrong, acknowledged, found } = result.promises;
    equal([result.cuts, lost, wrong], [1, [], []], [cutText(result), ...result.notes].join("\n"));
    ok(acknowledged > 10 && found > 10, `too little was committed to tell: ${cutText(result)}`);
  },
});
