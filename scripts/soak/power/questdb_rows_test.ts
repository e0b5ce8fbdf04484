import { deepStrictEqual as equal } from "node:assert/strict";
import { readRows } from "./questdb_rows.ts";

/** Answers queries by the table that they name. */
function serve(answers: Record<string, unknown>) {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const query = new URL(request.url).searchParams.get("query") ?? "";
    const table = Object.keys(answers).find((name) => query.includes(name));
    return Response.json(table === undefined ? { dataset: [] } : answers[table]);
  });
}

Deno.test("rows are found by stream, epoch, class and seq, and a key that is there twice is told", async () => {
  await using server = serve({ '"a"': { dataset: [["7", 2, 1, 11], ["7", 2, 2, 12], ["7", 2, 2, 12]] } });
  const { shown, doubled, faults } = await readRows(`http://127.0.0.1:${server.addr.port}`, ["a", "b"]);
  equal(shown, new Map([["a 7 normal", new Map([[1, 11], [2, 12]])]]));
  equal([doubled, faults], [["a 7 normal 2"], []]);
});

Deno.test("what cannot be read, and what is suspended, is told", async () => {
  await using server = serve({ '"a"': { error: "no table" }, "wal_tables": { dataset: [["b", "", "torn"]] } });
  const { shown, faults } = await readRows(`http://127.0.0.1:${server.addr.port}`, ["a"]);
  equal([shown.size, faults], [0, ["a: no table", "b is suspended:  torn"]]);
});
