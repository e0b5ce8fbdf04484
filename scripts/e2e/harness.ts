/** A whole system on free ports and in a folder of its own, for tests that use it as its users do. */
import { join } from "node:path";
import { parseJson } from "#proto/json.ts";
import type { JsonValue } from "#proto/json.ts";
import { type Layout, pathsOf, type Ports, sdkPortOf, type StoreKind, vehicleNames } from "../dev/layout.ts";
import { type RunningSystem, startSystem } from "../dev/system.ts";
import { freePort } from "../servers/ports.ts";

/** A row of the query API. */
export type ApiRow = Record<string, JsonValue>;

/** A system with the means to question it. */
export interface TestSystem {
  readonly layout: Layout;
  readonly running: RunningSystem;
  /** What the system said while starting and when it restarted something. */
  readonly said: readonly string[];
  agentUrl(vehicle?: string): string;
  /** Asks the query API; fails on anything but 200. */
  query(path: string): Promise<JsonValue>;
  /** Every row of a stream, page by page. */
  rows(parameters: Record<string, string>): Promise<ApiRow[]>;
}

/** A layout on ports that are free now. The folder's name has a space, for users' folders have. */
export async function freeLayout(
  options: { store: StoreKind; vehicles?: number; simulate?: boolean },
): Promise<Layout> {
  const vehicles = vehicleNames(options.vehicles ?? 1);
  return {
    state: await Deno.makeTempDir({ prefix: "system scale " }),
    ports: freePorts(vehicles.length),
    store: options.store,
    vehicles,
    simulate: options.simulate ?? false,
  };
}

/** Runs a test on a system, and leaves no process and no file behind. */
export async function withSystem(layout: Layout, test: (system: TestSystem) => Promise<void>): Promise<void> {
  const said: string[] = [];
  const running = await startSystem(layout, (line) => said.push(line));
  try {
    await test(questioned(layout, { running, said }));
  } catch (error) {
    await showLogs(layout);
    throw error;
  } finally {
    await running.keeper.stop();
    await Deno.remove(layout.state, { recursive: true });
  }
}

/** The means to question a system that runs. */
export function questioned(
  layout: Layout,
  { running, said }: Pick<TestSystem, "running" | "said">,
): TestSystem {
  const query = async (path: string): Promise<JsonValue> => {
    const response = await fetch(`http://127.0.0.1:${layout.ports.query}${path}`, {
      headers: { authorization: `Bearer ${running.token}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot query ${path}: ${response.status} ${text.slice(0, 500)}`);
    return parseJson(text);
  };
  return {
    layout,
    running,
    said,
    agentUrl: (vehicle = layout.vehicles[0]) => `http://127.0.0.1:${sdkPortOf(layout, vehicle)}`,
    query,
    rows: (parameters) => allRows(parameters, query),
  };
}

async function allRows(parameters: Record<string, string>, query: TestSystem["query"]): Promise<ApiRow[]> {
  const rows: ApiRow[] = [];
  let cursor: JsonValue = null;
  do {
    const next: Record<string, string> = typeof cursor === "string" ? { cursor } : {};
    const page = await query(`/v1/telemetry?${new URLSearchParams({ limit: "5000", ...parameters, ...next })}`) as {
      rows: ApiRow[];
      next_cursor: JsonValue;
    };
    rows.push(...page.rows);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}

function freePorts(vehicles: number): Ports {
  return {
    hub: freePort(),
    hubMonitor: freePort(),
    hubLeaves: freePort(),
    leaf: freePort(),
    leafMonitor: freePort(),
    relay: freePort(),
    relayPrivate: freePort(),
    query: freePort(),
    cloudPrivate: freePort(),
    questDb: freePort(),
    questDbPg: freePort(),
    sdk: freePortRun(vehicles),
  };
}

/** The first of some neighbouring ports that are all free. */
function freePortRun(count: number): number {
  while (true) {
    const first = freePort();
    const others = Array.from({ length: count - 1 }, (_, at) => first + at + 1);
    const listeners = others.map((port) => tryListen(port));
    for (const listener of listeners) listener?.close();
    if (listeners.every((listener) => listener !== undefined)) return first;
  }
}

function tryListen(port: number): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

/** The end of every log, for whoever reads a failed test. */
async function showLogs(layout: Layout): Promise<void> {
  const { logs } = pathsOf(layout.state);
  for await (const { name } of Deno.readDir(logs)) {
    const text = await Deno.readTextFile(join(logs, name));
    const lines = text.trimEnd().split("\n").filter((line) => !line.includes("[INF]"));
    console.error(`--- ${name}\n${lines.slice(-12).join("\n").slice(-4_000)}`);
  }
}
