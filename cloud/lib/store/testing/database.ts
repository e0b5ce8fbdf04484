/** What the store's suites are given. */
import type { Edition } from "../editions.ts";
import type { Store } from "../store.ts";

/** A database for one test. */
export interface TestDatabase {
  /** Opens the store anew, perhaps beside others that write in other editions; the caller closes it. */
  open(edition?: Edition): Store;
  remove(): Promise<void>;
}

/** Defines one test with a store on an empty database. */
export type StoreTest = (name: string, run: (store: Store, database: TestDatabase) => Promise<void>) => void;
