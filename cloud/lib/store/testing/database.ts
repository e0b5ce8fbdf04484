/** What the store's suites are given. */
import type { Store } from "../store.ts";

/** A database for one test. */
export interface TestDatabase {
  /** Opens the store anew, perhaps beside others; the caller closes it. */
  open(): Store;
  remove(): Promise<void>;
}

/** Defines one test with a store on an empty database. */
export type StoreTest = (name: string, run: (store: Store, database: TestDatabase) => Promise<void>) => void;
