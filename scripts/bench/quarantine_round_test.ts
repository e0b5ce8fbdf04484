import { equal, ok } from "node:assert/strict";
import { badKinds, runQuarantineRound } from "./quarantine_round.ts";

Deno.test("a round stores every good record and keeps each bad batch aside, of any kind", async () => {
  for (const bad of [[], badKinds]) {
    const round = await runQuarantineRound({ goodBatches: 45, recordsPerBatch: 20, bad });
    equal(round.rows, 45 * 20);
    equal(round.keptAside, bad.length);
    ok(round.rowsPerCpuSecond > 0);
  }
});
