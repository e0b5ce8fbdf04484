/** Opens the configured store, for a writer or for readers. */
import { processClock } from "#proto/io/clock.ts";
import type { StoreConfig } from "../../config.ts";
import type { Backend } from "../store/backend.ts";
import { openQuestDb } from "../store/io/questdb.ts";
import { openSqlite } from "../store/io/sqlite.ts";
import type { Store, StoreReader } from "../store/store.ts";
import { createReader, createStore } from "../store/table_store.ts";

/** QuestDB spends tens of milliseconds of processor time on a commit, for each table in it and whatever it holds. */
const questDbCommitIntervalMs = 200;

/** For ingest. */
export function openStore(config: StoreConfig): Store {
  return createStore(openBackend(config), processClock().wallNs());
}

/** For everybody who reads. */
export function openStoreReader(config: StoreConfig): StoreReader {
  return createReader(openBackend(config));
}

/** How far apart commits should be for the store's sake. */
export function commitIntervalOf(config: StoreConfig): number {
  return config.kind === "questdb" ? questDbCommitIntervalMs : 0;
}

function openBackend(config: StoreConfig): Backend {
  if (config.kind === "sqlite") return openSqlite({ path: config.path });
  const { url, user, password } = config;
  const authorization = user === undefined ? undefined : `Basic ${btoa(`${user}:${password ?? ""}`)}`;
  return openQuestDb({ url, authorization, clock: processClock() });
}
