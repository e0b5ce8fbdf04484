import { match, strictEqual as equal } from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import type { Selection } from "./backend.ts";
import {
  createQuestTable,
  listQuestColumns,
  selectLastTime,
  selectQuestDocuments,
  selectQuestRows,
} from "./questdb_text.ts";
import { epoch, vehicle } from "./testing/blocks.ts";

const selection: Selection = {
  table: "telemetry",
  vehicle,
  columns: [{ column: "d", type: "f64" }, { column: "l", type: "i64" }],
  fromNs: 1n,
  toNs: 2n,
  order: "descending",
  limit: 3,
};

Deno.test("a table takes a repeat of a row's key as the same row", () => {
  equal(
    createQuestTable("telemetry", [{ column: "a", type: "f64s" }]),
    `CREATE TABLE IF NOT EXISTS "telemetry" (ts TIMESTAMP_NS, vehicle_id SYMBOL, epoch LONG, class BYTE, seq LONG, ` +
      `overflow VARCHAR, "a" DOUBLE[]) TIMESTAMP(ts) PARTITION BY DAY WAL ` +
      `DEDUP UPSERT KEYS(ts, vehicle_id, epoch, class, seq)`,
  );
});

Deno.test("64-bit integers are read as text, since JSON numbers would lose digits", () => {
  match(
    selectQuestRows(selection),
    /^SELECT cast\(cast\(ts AS LONG\) AS VARCHAR\), .*"d", cast\("l" AS VARCHAR\) FROM /,
  );
});

Deno.test("a page ends at the time of its last row", () => {
  match(selectLastTime(selection), / WHERE vehicle_id = 'drone-001' AND .* ORDER BY ts DESC LIMIT 2, 3$/);
});

Deno.test("a page goes on behind a key in either direction, and keeps to a stream of the overflow table", () => {
  const after = { ts: 9n, epoch, class: "event" as const, seq: 4 };
  const text = selectQuestRows({ ...selection, after, stream: parseStream("s") });
  match(text, /stream = 's' AND ts <= cast\(9 AS TIMESTAMP_NS\) AND \(ts < .* OR \(epoch < \d+ OR \(epoch = \d+ AND /);
  match(text, /\(class < 1 OR \(class = 1 AND seq < 4\)\)/);
});

Deno.test("texts cannot end their quotes", () => {
  match(selectQuestDocuments("ledger", "a'b"), /starts_with\(key, 'a''b'\)/);
  match(listQuestColumns("a'b"), /'a''b'/);
});
