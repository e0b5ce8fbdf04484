/** Whole real flights through the embedded store. */
import { join } from "node:path";
import { checkFlight } from "#cloud/lib/store/flight_suite.ts";
import { openSqlite } from "#cloud/lib/store/io/sqlite.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { hasFlights } from "#cloud/lib/store/testing/flight.ts";

for (const flight of ["px4-copter-gps", "px4-quad-imu"]) {
  Deno.test({
    name: `SQLite: the whole flight ${flight} comes back complete and exact`,
    // The flights are no part of the checkout.
    ignore: !hasFlights(),
    fn: async () => {
      const folder = await Deno.makeTempDir();
      const store = createStore(openSqlite({ path: join(folder, "store.db") }));
      await checkFlight(store, flight);
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  });
}
