import { equal, ok } from "node:assert/strict";
import { isWell, soakRepeats } from "./repeats_rig.ts";

Deno.test("batches sent ten times across owners that go make no row more, and every changed body is kept aside once", async () => {
  const result = await soakRepeats({ batches: 300, recordsPerBatch: 2, seed: 1 });
  const { deliveries, changed, rows, rowsWanted, rowsOverwritten, committed, keptAside, misplaced } = result;
  equal(deliveries, 3000);
  ok(changed > 10, `${changed} changed`);
  equal(rows, rowsWanted);
  equal([rowsOverwritten, committed, keptAside, misplaced].join(), [0, rowsWanted, changed, 0].join());
  equal([result, { ...result, rows: rows + 1 }, { ...result, misplaced: 1 }].map(isWell).join(), "true,false,false");
});
