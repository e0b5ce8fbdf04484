/** The store's suite on a real QuestDB, which is obtained and started for it. */
import { checkFlight } from "#cloud/lib/store/flight_suite.ts";
import { testStore } from "#cloud/lib/store/store_suite.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { hasFlights } from "#cloud/lib/store/testing/flight.ts";
import { openQuestDb } from "#cloud/lib/store/io/questdb.ts";
import { systemClock } from "#proto/io/clock.ts";
import { join } from "node:path";
import type { Child } from "../servers/child.ts";
import { freePort } from "../servers/ports.ts";
import { startQuestDb } from "../servers/questdb.ts";

const httpPort = freePort();
const url = `http://127.0.0.1:${httpPort}`;
const folder = await Deno.makeTempDir();
const running: { child?: Child } = {};

Deno.test.beforeAll(async () => {
  const options = { folder, httpPort, pgPort: freePort(), logFile: join(folder, "questdb.log") };
  running.child = await startQuestDb(options, console.log);
});

Deno.test.afterAll(async () => {
  await running.child?.stop(5_000);
  await Deno.remove(folder, { recursive: true });
});

testStore({
  name: "QuestDB",
  rounds: 20,
  database: async () => {
    await dropAllTables();
    return {
      open: () => createStore(openQuestDb({ url, clock: systemClock() })),
      remove: dropAllTables,
    };
  },
});

for (const flight of ["px4-copter-gps", "px4-quad-imu"]) {
  Deno.test({
    name: `QuestDB: the whole flight ${flight} comes back complete and exact`,
    ignore: !hasFlights(),
    fn: async () => {
      await dropAllTables();
      const store = createStore(openQuestDb({ url, clock: systemClock() }));
      await checkFlight(store, flight);
      await store.close();
    },
  });
}

async function dropAllTables(): Promise<void> {
  for (const [name] of await exec("SELECT name FROM wal_tables()")) await exec(`DROP TABLE "${name}"`);
}

async function exec(sql: string): Promise<string[][]> {
  const answer = await fetch(`${url}/exec?${new URLSearchParams({ query: sql })}`);
  const { dataset, error } = await answer.json() as { dataset?: string[][]; error?: string };
  if (error !== undefined) throw new Error(`Cannot run ${sql}: ${error}`);
  return dataset ?? [];
}
