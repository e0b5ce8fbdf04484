import { join } from "node:path";
import { testStore } from "../store_suite.ts";
import { createStore } from "../table_store.ts";
import { openSqlite } from "./sqlite.ts";

testStore({
  name: "SQLite",
  rounds: 100,
  database: async () => {
    const folder = await Deno.makeTempDir();
    return {
      open: () => createStore(openSqlite({ path: join(folder, "store.db") })),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
});
