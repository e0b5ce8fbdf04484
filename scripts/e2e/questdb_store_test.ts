/** The store's suite and whole real flights on a real QuestDB, which is obtained and started for it. */
import { checkFlight } from "#cloud/lib/store/flight_suite.ts";
import { openQuestDb } from "#cloud/lib/store/io/questdb.ts";
import { testStore } from "#cloud/lib/store/store_suite.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { hasFlights } from "#cloud/lib/store/testing/flight.ts";
import { systemClock } from "#proto/io/clock.ts";
import { useQuestDb } from "./questdb_server.ts";

const questDb = useQuestDb();
const open = (edition?: bigint) => createStore(openQuestDb({ url: questDb.url, clock: systemClock() }), edition);

testStore({
  name: "QuestDB",
  rounds: 20,
  database: async () => {
    await questDb.dropAllTables();
    return { open, remove: questDb.dropAllTables };
  },
});

for (const flight of ["px4-copter-gps", "px4-quad-imu"]) {
  Deno.test({
    name: `QuestDB: the whole flight ${flight} comes back complete and exact`,
    // The flights are no part of the checkout.
    ignore: !hasFlights(),
    fn: async () => {
      await questDb.dropAllTables();
      const store = open();
      await checkFlight(store, flight);
      await store.close();
    },
  });
}
