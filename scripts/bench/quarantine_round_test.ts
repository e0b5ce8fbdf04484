import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { badKinds, kindsOf, pairText, runPair } from "./quarantine_round.ts";

Deno.test("a pair of rounds stores every good record twice and keeps each bad batch aside, of any kind", async () => {
  for (const badFirst of [true, false]) {
    const pair = await runPair({ goodBatches: 45, recordsPerBatch: 20 }, { bad: badKinds, badFirst });
    deepEqual([pair.clean.rows, pair.mixed.rows], [45 * 20, 45 * 20]);
    deepEqual([pair.clean.keptAside, pair.mixed.keptAside], [0, badKinds.length]);
    ok(pair.clean.rowsPerCpuSecond > 0);
    match(pairText(pair), /^clean [0-9]+, with 5 bad [0-9]+ rows/);
  }
});

Deno.test("a kind is named, or all are meant", () => {
  deepEqual([kindsOf("crc"), kindsOf(undefined)], [["crc"], badKinds]);
  equal(throws(() => kindsOf("crcs"), /wanted one of crc, body/), undefined);
});
