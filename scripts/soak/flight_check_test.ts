import { deepStrictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { checkStored } from "./flight_check.ts";
import { type FlightPlan, tsOf, valueOf } from "./flight_data.ts";

const plan: FlightPlan = { stream: "dark", signals: 2, perSecond: 10, startNs: 1_718_000_000_000_000_000n };

Deno.test("a store is held against the flight row by row", async () => {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  const database = new DatabaseSync(path);
  try {
    database.exec("CREATE TABLE dark (ts INTEGER, s00 REAL, s01 REAL)");
    const insert = database.prepare("INSERT INTO dark VALUES (?, ?, ?)");
    const put = (number: number, value = valueOf(number, 1)) => insert.run(tsOf(number, plan), number, value);
    [0, 1, 2, 3].forEach((number) => put(number));
    deepStrictEqual(checkStored(path, { plan, frames: 4 }), { rows: 4, missing: 0, doubled: 0, changed: 0 });
    put(2);
    put(9);
    put(4, 0.5);
    deepStrictEqual(checkStored(path, { plan, frames: 6 }), { rows: 7, missing: 2, doubled: 1, changed: 2 });
  } finally {
    database.close();
    await Deno.remove(path);
  }
});
