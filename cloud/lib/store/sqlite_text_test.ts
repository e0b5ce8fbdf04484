import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import type { Selection } from "./backend.ts";
import { addColumn, insertRow, selectRows } from "./sqlite_text.ts";
import { epoch, startNs, vehicle } from "./testing/blocks.ts";

const selection: Selection = {
  table: "telemetry",
  vehicle,
  columns: [{ column: "order", type: "f64" }],
  fromNs: 1n,
  toNs: 2n,
  order: "descending",
  limit: 3,
};
const after = { ts: startNs, epoch, class: "event" as const, seq: 4 };

Deno.test("every value of a selection is bound, none stands in the text", () => {
  const { sql, bound } = selectRows({ ...selection, after, identity: { epoch, class: "bulk", first: 5, last: 6 } });
  equal(bound, [vehicle, 1n, 2n, epoch, 3, 5, 6, startNs, epoch, 1, 4, 3]);
  strictEqual(sql.split("?").length - 1, bound.length);
});

Deno.test("names are quoted", () => {
  strictEqual(addColumn("select", { column: "order", type: "str" }), `ALTER TABLE "select" ADD COLUMN "order" TEXT`);
  strictEqual(insertRow('a"b', ["x"]), `INSERT OR IGNORE INTO "a""b" ("x") VALUES (?)`);
});

Deno.test("doubles have no affinity, since REAL would lose the sign of -0", () => {
  strictEqual(addColumn("t", { column: "d", type: "f64" }).trimEnd(), `ALTER TABLE "t" ADD COLUMN "d"`);
});
