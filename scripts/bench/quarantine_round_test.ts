import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { badKinds, kindsOf, makeBundles, roundText, runQuarantineRound, shareOf, speedOf } from "./quarantine_round.ts";

Deno.test("a round stores every good record twice and keeps each bad batch aside, of any kind", async () => {
  const bundles = makeBundles({ goodBatches: 45, recordsPerBatch: 20, bad: badKinds });
  for (const badFirst of [true, false]) {
    const round = await runQuarantineRound(bundles, { badFirst });
    deepEqual([round.clean.rows, round.mixed.rows], [45 * 20, 45 * 20]);
    deepEqual([round.clean.keptAside, round.mixed.keptAside], [0, badKinds.length]);
    ok(speedOf(round.clean) > 0);
    match(roundText(round), /^clean [0-9]+, with 5 bad [0-9]+ rows/);
  }
});

Deno.test("a share compares what a good row costs", () => {
  const clean = { rows: 100, cpuSeconds: 1, keptAside: 0 };
  equal(shareOf({ clean, mixed: { rows: 100, cpuSeconds: 1.25, keptAside: 9 } }), 0.8);
});

Deno.test("a kind is named, or all are meant", () => {
  deepEqual([kindsOf("crc"), kindsOf(undefined)], [["crc"], badKinds]);
  equal(throws(() => kindsOf("crcs"), /wanted one of crc, body/), undefined);
});
