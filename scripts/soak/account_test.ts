import { deepEqual, equal, match } from "node:assert/strict";
import { Account, isGood, type LedgerView, type SoakRow } from "./account.ts";
import { soakFrame } from "./frames.ts";

const startNs = 1_700_000_000_000_000_000n;
const silent: LedgerView = { epochs: [] };

/** Row of a frame at a seq. */
function rowOf(number: number, seq: number): SoakRow {
  const { stream, class: name, ts, data } = soakFrame(number, startNs);
  return { epoch: "7", class: name, seq, stream, ts, data };
}

/** An account of frames 100 to 119, durable at seqs 1 to 20, with the rows that are left of them. */
function accountOf(change: (rows: SoakRow[]) => SoakRow[]): Account {
  const account = new Account(startNs);
  const rows = Array.from({ length: 20 }, (_, at) => rowOf(100 + at, 1 + at));
  rows.forEach((row, at) => account.handleDurable(row, 100 + at));
  for (const row of change(rows)) account.handleRow(row);
  return account;
}

function ledgerOf(seq: number, cause: string): LedgerView {
  const missing_ranges = [{ first: seq, last: seq, cause }];
  const { class: name } = rowOf(99 + seq, seq);
  return { epochs: [{ epoch: "7", classes: [{ class: name, expected: 20, stored: 19, missing_ranges }] }] };
}

Deno.test("every frame in the store with its values is a good account", () => {
  const findings = accountOf((rows) => rows.toReversed()).settle(silent);
  deepEqual([findings.durable, findings.stored, findings.lost, findings.examples], [20, 20, 0, []]);
  equal(isGood(findings), true);
});

Deno.test("a frame that is missing is lost unless the ledger names it with a cause", () => {
  const lose = (ledger: LedgerView) => accountOf((rows) => rows.filter(({ seq }) => seq !== 5)).settle(ledger);
  for (const ledger of [silent, ledgerOf(5, "unknown"), ledgerOf(6, "overwritten")]) {
    const findings = lose(ledger);
    deepEqual([findings.lost, findings.stored, isGood(findings)], [1, 19, false]);
    match(findings.examples.join("\n"), /5 \(frame 104\) is lost/);
  }
  const told = lose(ledgerOf(5, "overwritten"));
  deepEqual([told.lost, told.named, isGood(told)], [0, { overwritten: 1 }, true]);
});

Deno.test("a ledger that misses what is stored is contradicted", () => {
  const findings = accountOf((rows) => rows).settle(ledgerOf(5, "in_flight"));
  deepEqual([findings.contradicted, findings.stored, isGood(findings)], [1, 20, false]);
});

Deno.test("a row that comes twice is doubled, one that is not what was posted is changed", () => {
  const twice = accountOf((rows) => [...rows, { ...rows[3], ts: "1" }]).settle(silent);
  deepEqual([twice.doubled, twice.stored, isGood(twice)], [1, 20, false]);
  const changes: ((row: SoakRow) => SoakRow)[] = [
    (row) => ({ ...row, ts: `${BigInt(row.ts) + 1n}` }),
    (row) => ({ ...row, stream: "soak_x" }),
    (row) => ({ ...row, data: { ...row.data, value: 0 } }),
    (row) => ({ ...row, data: { ...row.data, stray: 1 } }),
    ({ data: { word: _, ...data }, ...row }) => ({ ...row, data }),
    (row) => ({ ...row, data: soakFrame(103, startNs).data }),
  ];
  for (const change of changes) {
    const findings = accountOf((rows) => rows.map((row, at) => at === 4 ? change(row) : row)).settle(silent);
    deepEqual([findings.changed, findings.lost, isGood(findings)], [1, 0, false]);
  }
});

Deno.test("a row that nobody was told of is no fault when it is a frame, and changed when it is none", () => {
  const good = accountOf((rows) => [...rows, rowOf(200, 21)]).settle(silent);
  deepEqual([good.unanswered, good.changed, isGood(good)], [1, 0, true]);
  const bad = accountOf((rows) => [...rows, { ...rowOf(200, 21), data: { number: 201 } }]).settle(silent);
  deepEqual([bad.unanswered, bad.changed, isGood(bad)], [0, 1, false]);
});
