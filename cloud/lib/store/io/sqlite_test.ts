import { join } from "node:path";
import { checkFlight } from "../flight_suite.ts";
import { testStore } from "../store_suite.ts";
import { createStore } from "../table_store.ts";
import { hasFlights } from "../testing/flight.ts";
import { openSqlite } from "./sqlite.ts";

testStore({
  name: "SQLite",
  rounds: 40,
  database: async () => {
    const folder = await Deno.makeTempDir();
    return {
      open: (edition) => createStore(openSqlite({ path: join(folder, "store.db") }), edition),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
});

Deno.test({
  name: "SQLite: the beginning of a real flight comes back complete and exact",
  // The flights are no part of the checkout.
  ignore: !hasFlights(),
  fn: async () => {
    const store = createStore(openSqlite({ path: ":memory:" }));
    await checkFlight(store, "px4-copter-gps", 4_000);
    await store.close();
  },
});
