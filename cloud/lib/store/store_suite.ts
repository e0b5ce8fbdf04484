/** The suite that every store passes: SQLite beside the code, QuestDB among the end-to-end tests. */
import { testBookkeeping } from "./bookkeeping_suite.ts";
import { testMapping } from "./mapping_suite.ts";
import { testPaging } from "./paging_suite.ts";
import { testQuarantine } from "./quarantine_suite.ts";
import type { StoreTest, TestDatabase } from "./testing/database.ts";
import { testWriters } from "./writers_suite.ts";

/** How the suite gets its databases. */
export interface SuiteOptions {
  /** Stands before the name of each test. */
  readonly name: string;
  /** Makes an empty database. */
  database(): Promise<TestDatabase>;
  /** Rounds of each property. */
  readonly rounds: number;
}

/** Defines all tests for one implementation. */
export function testStore(options: SuiteOptions): void {
  const test: StoreTest = (name, run) =>
    Deno.test(`${options.name}: ${name}`, async () => {
      const database = await options.database();
      const store = database.open();
      try {
        await run(store, database);
      } finally {
        await store.close();
        await database.remove();
      }
    });
  testMapping(test, options.rounds);
  testPaging(test, options.rounds);
  testBookkeeping(test);
  testWriters(test, options.rounds);
  testQuarantine(test);
}
