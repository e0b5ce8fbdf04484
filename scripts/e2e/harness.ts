/** A whole system on free ports and in a folder of its own, for tests that use it as its users do. */
import { join } from "node:path";
import { parseJson } from "#proto/json.ts";
import type { JsonValue } from "#proto/json.ts";
import {
  guidePorts,
  type Layout,
  pathsOf,
  type Ports,
  sdkPortOf,
  type StoreKind,
  vehicleNames,
} from "../dev/layout.ts";
import { type RunningSystem, type StartOptions, startSystem } from "../dev/system.ts";
import { freePorts } from "../servers/ports.ts";

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

/**
 * A layout on ports that are free now. The folder's name has a space, for users' folders have, when there is none
 * already.
 */
export async function freeLayout(
  options: { store: StoreKind; vehicles?: number; simulate?: boolean; state?: string },
): Promise<Layout> {
  const vehicles = vehicleNames(options.vehicles ?? 1);
  return {
    state: options.state ?? await Deno.makeTempDir({ prefix: "system scale " }),
    ports: portsFor(vehicles.length),
    store: options.store,
    vehicles,
    simulate: options.simulate ?? false,
  };
}

/** Runs a test on a system, and leaves no process and no file behind. */
export async function withSystem<T>(
  layout: Layout,
  test: (system: TestSystem) => Promise<T>,
  options: StartOptions = {},
): Promise<T> {
  const said: string[] = [];
  const running = await startSystem(layout, (line) => said.push(line), options);
  try {
    return await test(questioned(layout, { running, said }));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${await logTails(layout)}`, { cause: error });
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
  const query = queryOf(layout, running.token);
  return {
    layout,
    running,
    said,
    agentUrl: (vehicle = layout.vehicles[0]) => `http://127.0.0.1:${sdkPortOf(layout, vehicle)}`,
    query,
    rows: (parameters) => allRows(parameters, query),
  };
}

/** Asks a layout's query API. */
export function queryOf({ ports }: Layout, token: string): TestSystem["query"] {
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${ports.query}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot query ${path}: ${response.status} ${text.slice(0, 500)}`);
    return parseJson(text);
  };
}

/** Every row of a stream, page by page. */
export async function allRows(parameters: Record<string, string>, query: TestSystem["query"]): Promise<ApiRow[]> {
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

function portsFor(vehicles: number): Ports {
  const names = Object.keys(guidePorts) as (keyof Ports)[];
  // Vehicles follow the last name's port, `sdk`.
  const ports = freePorts(names.length - 1 + vehicles);
  return Object.fromEntries(names.map((name, at) => [name, ports[at]])) as unknown as Ports;
}

/** The end of every log, for whoever reads a failed test: in the error's text, for a quiet run shows nothing else. */
async function logTails(layout: Layout): Promise<string> {
  const { logs } = pathsOf(layout.state);
  const names = (await Array.fromAsync(Deno.readDir(logs), ({ name }) => name)).sort();
  const tails = names.map(async (name) => {
    const lines = (await Deno.readTextFile(join(logs, name))).trimEnd().split("\n");
    const told = lines.filter((line) => !/\[INF\]|"level":"INFO"/.test(line)).slice(-12).join("\n").slice(-4_000);
    return `--- ${name}\n${told}`;
  });
  return (await Promise.all(tails)).join("\n");
}
