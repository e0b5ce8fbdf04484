import { deepStrictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { countOf, normalize, subtract } from "#proto/ranges.ts";
import { addMark } from "../lib/completeness/time_marks.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import { completenessView } from "./completeness_view.ts";
import { rangesShownMax } from "./limits.ts";

const vehicle = parseVehicleId("drone-001");
const line: LedgerEntry = {
  ...{ vehicle, epoch: parseEpoch("12"), class: "normal", sinceNs: 1n, expected: 0, committed: [], quarantined: [] },
  ...{ inFlight: [], onBoard: [], onBoardTo: 0, gaps: [], marks: [] },
};
const nsOf = (ms: number) => BigInt(ms) * 1_000_000n;

Deno.test("whatever time is asked for, what is stored and what is missing add up to the seqs that are shown", () => {
  const row = fc.record({ isStored: fc.boolean(), step: fc.nat({ max: 20 }) });
  const times = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 100 }));
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), times, (rows, [fromMs, width]) => {
    let ms = 0;
    let entry: LedgerEntry = { ...line, expected: rows.length };
    rows.forEach(({ isStored, step }, at) => {
      ms += step;
      const span = { first: at + 1, last: at + 1 };
      if (!isStored) return;
      const marks = addMark(entry.marks, { ...span, fromMs: ms, toMs: ms }, 5);
      entry = { ...entry, committed: normalize([...entry.committed, span]), marks };
    });
    const asked = { fromNs: nsOf(fromMs), toNs: nsOf(fromMs + width) };
    const view = completenessView(vehicle, { entries: [entry], account: undefined, asked });
    const shown = view.epochs.flatMap((epoch) => epoch.classes);
    equal(view.totals.expected, shown.reduce((sum, { seqs }) => sum + countOf(seqs), 0));
    for (const { seqs, missing_ranges: missing, stored } of shown) {
      equal(normalize(missing), subtract(seqs, entry.committed));
      equal(stored, countOf(seqs) - countOf(normalize(missing)));
    }
    const all = completenessView(vehicle, { entries: [entry], account: undefined, asked: {} });
    equal([all.totals.expected, all.totals.stored], [rows.length, countOf(entry.committed)]);
  }));
});

Deno.test("classes stand under their epoch in order, and one of which nothing is expected is left out", () => {
  const ahead: LedgerEntry = { ...line, class: "critical", committed: [{ first: 1, last: 30 }] };
  const entries = [{ ...line, epoch: parseEpoch("7") }, { ...line, expected: 100 }, ahead];
  const { epochs } = completenessView(vehicle, { entries, account: undefined, asked: {} });
  equal(epochs.map((view) => [view.epoch, view.classes.map((each) => [each.class, each.expected])]), [
    ["12", [["critical", 30], ["normal", 100]]],
  ]);
});

Deno.test("of very many missing ranges the first are shown and all are counted", () => {
  const committed = Array.from({ length: rangesShownMax + 5 }, (_, at) => ({ first: 2 * at + 2, last: 2 * at + 2 }));
  const { epochs } = completenessView(vehicle, { entries: [{ ...line, committed }], account: undefined, asked: {} });
  const [{ missing, missing_ranges: shown, missing_ranges_left_out: leftOut }] = epochs[0].classes;
  equal([missing.unknown, shown.length, leftOut], [rangesShownMax + 5, rangesShownMax, 5]);
});
