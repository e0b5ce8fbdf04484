/** Several processes write to one database: nobody's columns, rows or bookkeeping are lost, whoever is late. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { parseStream } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
import { sameValue } from "./mapping.ts";
import type { Store } from "./store.ts";
import { blockOf, epoch, framesOf, startNs, type TestData, vehicle } from "./testing/blocks.ts";
import type { StoreTest, TestDatabase } from "./testing/database.ts";

const telemetry = parseStream("telemetry");

const entry: LedgerEntry = {
  vehicle,
  epoch,
  class: "normal",
  sinceNs: startNs,
  expected: 10,
  committed: [{ first: 1, last: 5 }],
  quarantined: [],
  inFlight: [{ first: 6, last: 7 }],
  onBoard: [{ first: 6, last: 10 }],
  onBoardTo: 10,
  gaps: [],
  marks: [],
};

/** What each row holds besides nulls, by seq. */
async function present(store: Store, stream = telemetry): Promise<TestData[]> {
  const { rows } = await store.rows({ vehicle, stream, limit: 1_000 });
  return rows.map(({ values }) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)));
}

/** Writers beside the test's own store, closed at the end. */
async function withWriters(
  { database, count }: { database: TestDatabase; count: number },
  run: (writers: readonly Store[]) => Promise<void>,
): Promise<void> {
  const writers = Array.from({ length: count }, (_, at) => database.open(BigInt(at + 1)));
  try {
    await run(writers);
  } finally {
    for (const writer of writers) await writer.close();
  }
}

/** Defines the tests of several writers. */
export function testWriters(test: StoreTest, rounds: number): void {
  test("each of two writers keeps the columns that the other one made", async (store, database) => {
    await withWriters({ database, count: 2 }, async ([one, two]) => {
      await one.write([blockOf("telemetry", framesOf([{ a: 1 }]))]);
      await two.write([blockOf("telemetry", framesOf([{ b: "x" }], 2))]);
      await one.write([blockOf("telemetry", framesOf([{ a: 2, c: true }], 3))]);
      await two.write([blockOf("telemetry", framesOf([{ b: "y", c: false, a: 5 }], 4))]);
    });
    equal(await present(store), [{ a: 1 }, { b: "x" }, { a: 2, c: true }, { a: 5, b: "y", c: false }]);
    const [{ fields }] = await store.streams();
    equal(fields.map(({ field, type, overflowed }) => [field, type, overflowed]).toSorted(), [
      ["a", "f64", 0],
      ["b", "str", 0],
      ["c", "bool", 0],
    ]);
  });

  test(
    "of two writers that want one field at the same time the first gives it its type, and no value is lost",
    async (store, database) => {
      await withWriters({ database, count: 4 }, async (writers) => {
        const values: TestData[] = [{ x: 1.5 }, { x: "text" }, { x: ["json"] }, { x: true }];
        // So that the table is there: then it is the column alone that they meet at.
        await store.write([blockOf("telemetry", framesOf([{ first: 0 }]))]);
        await Promise.all(
          writers.map((writer, at) => writer.write([blockOf("telemetry", framesOf([values[at]], 2 + at))])),
        );
        equal(await present(store), [{ first: 0 }, ...values]);
        const x = (await store.streams())[0].fields.find(({ field }) => field === "x");
        equal(x?.overflowed, 3);
        for (const writer of writers) {
          await writer.write([blockOf("telemetry", framesOf([{ x: 2.5 }, { x: "more" }], 6))]);
          equal((await present(writer)).slice(-2), [{ x: 2.5 }, { x: "more" }]);
        }
      });
    },
  );

  test("writers that meet at names which differ by case get columns of their own", async (store, database) => {
    await withWriters({ database, count: 3 }, async (writers) => {
      const names = ["Mode", "mode", "MODE"];
      await Promise.all(
        writers.map((writer, at) => writer.write([blockOf("telemetry", framesOf([{ [names[at]]: at }], 1 + at))])),
      );
    });
    equal(await present(store), [{ Mode: 0 }, { mode: 1 }, { MODE: 2 }]);
  });

  test("strays of all writers are counted, each one's once", async (store, database) => {
    await withWriters({ database, count: 2 }, async ([one, two]) => {
      await one.write([blockOf("telemetry", framesOf([{ x: 1 }, { x: "a" }, { x: "b" }]))]);
      await two.write([blockOf("telemetry", framesOf([{ x: "c" }], 4))]);
      await one.write([blockOf("telemetry", framesOf([{ x: "d" }], 5))]);
    });
    equal((await store.streams())[0].fields, [{ field: "x", type: "f64", overflowed: 4 }]);
  });

  test("a repeat is compared with all of its row, also with columns that another writer made", async (_, database) => {
    await withWriters({ database, count: 2 }, async ([one, two]) => {
      await one.write([blockOf("telemetry", framesOf([{ a: 1 }]))]);
      await two.write([blockOf("telemetry", framesOf([{ a: 2, b: 7 }], 2))]);
      const repeat = async (data: TestData) => (await one.compare([blockOf("telemetry", framesOf([data], 2))]))[0];
      const row = [{ first: 2, last: 2 }];
      equal((await repeat({ a: 2, b: 7 })).same, row);
      equal((await repeat({ a: 2, b: 8 })).different, row);
      equal((await repeat({ a: 2 })).different, row);
    });
  });

  test("an owner that wakes up late takes nothing of the ledger away", async (store, database) => {
    await withWriters({ database, count: 2 }, async ([late, next]) => {
      await late.saveLedger([entry]);
      const grown = {
        ...(await next.ledger(vehicle))[0],
        expected: 20,
        committed: [{ first: 1, last: 15 }],
        quarantined: [{ first: 16, last: 16 }],
        inFlight: [],
        onBoard: [{ first: 17, last: 20 }],
      };
      await next.saveLedger([grown]);
      await late.saveLedger([{ ...entry, committed: [{ first: 1, last: 7 }], inFlight: [] }]);
      equal(await store.ledger(vehicle), [grown]);
    });
  });

  test("any frames come back, whoever writes them at the same time", async (store, database) => {
    let number = 0;
    await withWriters({ database, count: 3 }, async (writers) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), anyFrame), { minLength: 2, maxLength: 9 }), async (list) => {
          const stream = parseStream(`any_${number++}`);
          await Promise.all(
            list.map(([writer, data], at) => writers[writer].write([blockOf(stream, framesOf([data], 1 + at))])),
          );
          const found = await present(store, stream);
          equal(found.length, list.length);
          found.forEach((row, at) => ok(sameValue(row, list[at][1]), `${Deno.inspect(row)} in row ${at}`));
        }),
        { numRuns: Math.ceil(rounds / 4) },
      );
    });
  });
}

/** Few names that meet in columns, and values of all types. */
const anyFrame: fc.Arbitrary<TestData> = fc.dictionary(
  fc.constantFrom("a", "A", "b"),
  fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constantFrom("x", "y"),
    fc.constant(2n ** 60n + 1n),
    fc.constant<JsonValue>(["z"]),
  ),
  { minKeys: 1, maxKeys: 3 },
);
