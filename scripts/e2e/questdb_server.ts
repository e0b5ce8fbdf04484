/** A real QuestDB for one file of tests: started before the first, stopped and removed after the last. */
import { join } from "node:path";
import type { Child } from "../servers/child.ts";
import { freePorts } from "../servers/ports.ts";
import { startQuestDb } from "../servers/questdb.ts";

/** The server as tests see it. */
export interface TestQuestDb {
  readonly url: string;
  /** Runs SQL and gives its rows. */
  exec(sql: string): Promise<string[][]>;
  dropAllTables(): Promise<void>;
}

/** Registers start and stop with the test runner. `settings` are lines of the server's configuration file. */
export function useQuestDb(settings = ""): TestQuestDb {
  const [httpPort, pgPort] = freePorts(2);
  const url = `http://127.0.0.1:${httpPort}`;
  let server: { child: Child; folder: string } | undefined;
  Deno.test.beforeAll(async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(join(folder, "conf"));
    await Deno.writeTextFile(join(folder, "conf", "server.conf"), settings);
    const logFile = join(folder, "questdb.log");
    server = { folder, child: await startQuestDb({ folder, httpPort, pgPort, logFile }, console.log) };
  });
  Deno.test.afterAll(async () => {
    await server?.child.stop(5_000);
    if (server !== undefined) await Deno.remove(server.folder, { recursive: true });
  });

  async function exec(sql: string): Promise<string[][]> {
    const answer = await fetch(`${url}/exec?${new URLSearchParams({ query: sql })}`);
    const { dataset, error } = await answer.json() as { dataset?: string[][]; error?: string };
    if (error !== undefined) throw new Error(`Cannot run ${sql}: ${error}`);
    return dataset ?? [];
  }
  async function dropAllTables(): Promise<void> {
    for (const [name] of await exec("SELECT name FROM wal_tables()")) await exec(`DROP TABLE "${name}"`);
  }
  return { url, exec, dropAllTables };
}
