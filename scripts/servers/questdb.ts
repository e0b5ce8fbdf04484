/** Starts a real QuestDB with lean settings and waits until it answers. */
import { join } from "node:path";
import { type Child, startChild, tailOf } from "./child.ts";
import { obtainQuestDb, type QuestDbFiles } from "./questdb_files.ts";
import type { Say } from "./obtain.ts";
import { tryFetch, waitFor } from "./wait.ts";

/** Where it keeps its data and listens; loopback only. */
export interface QuestDbOptions {
  readonly folder: string;
  readonly httpPort: number;
  readonly pgPort: number;
  readonly logFile: string;
}

/**
 * Environment of the server. Its own usage table would take the name `telemetry` from ours, so it is off from the first
 * boot. One worker and small pages: seventy tables would else reserve gigabytes.
 */
function environment({ httpPort, pgPort }: QuestDbOptions): Record<string, string> {
  return {
    QDB_TELEMETRY_ENABLED: "false",
    QDB_TELEMETRY_DISABLE_COMPLETELY: "true",
    QDB_HTTP_NET_BIND_TO: `127.0.0.1:${httpPort}`,
    QDB_HTTP_MIN_ENABLED: "false",
    QDB_PG_NET_BIND_TO: `127.0.0.1:${pgPort}`,
    QDB_LINE_TCP_ENABLED: "false",
    QDB_LINE_UDP_ENABLED: "false",
    QDB_SHARED_WORKER_COUNT: "1",
    QDB_HTTP_WORKER_COUNT: "1",
    QDB_WAL_APPLY_WORKER_COUNT: "1",
    QDB_PG_WORKER_COUNT: "1",
    QDB_CAIRO_WAL_WRITER_DATA_APPEND_PAGE_SIZE: "64k",
    QDB_CAIRO_WRITER_DATA_APPEND_PAGE_SIZE: "64k",
    QDB_CAIRO_O3_COLUMN_MEMORY_SIZE: "64k",
  };
}

/** What to start, for those who supervise it themselves. */
export function questDbPlan(files: QuestDbFiles, options: QuestDbOptions) {
  const module = ["-p", files.jar, "-m", "io.questdb/io.questdb.ServerMain", "-d", options.folder];
  return {
    name: "questdb",
    command: files.java,
    args: ["-Xmx512m", "-XX:+UseSerialGC", ...module],
    env: environment(options),
    logFile: options.logFile,
  };
}

/** Whether the server answers queries. */
export async function questDbReady(httpPort: number): Promise<boolean> {
  return await tryFetch(`http://127.0.0.1:${httpPort}/exec?query=select%201`) !== undefined;
}

/** Obtains, starts and waits; the caller stops the child. */
export async function startQuestDb(options: QuestDbOptions, say: Say): Promise<Child> {
  const files = await obtainQuestDb(say);
  await Deno.mkdir(join(options.folder, "conf"), { recursive: true });
  const child = startChild(questDbPlan(files, options));
  try {
    await waitFor("QuestDB to answer", async () => await questDbReady(options.httpPort) || undefined, {
      timeoutMs: 60_000,
    });
    return child;
  } catch (error) {
    await child.stop(2_000);
    throw new Error(`Cannot start QuestDB:\n${await tailOf(options.logFile)}`, { cause: error });
  }
}
