/** One round of the `dev` bench: a system with a simulated vehicle comes and goes. */
import type { StoreKind } from "../dev/layout.ts";
import { freeLayout, type TestSystem, withSystem } from "../e2e/harness.ts";
import { waitFor } from "../servers/wait.ts";
import { readStats, treeOf } from "../servers/process_tree.ts";

/** Seconds that parts of the round took. */
export interface DevRound {
  /** From the start until each process said that it is well. */
  readonly well: number;
  /** From the start to the answer of the query API that shows a row of the vehicle. */
  readonly visible: number;
  /** From the request to stop until no process was left. */
  readonly stopped: number;
}

/** A stream of the simulated vehicle. */
const stream = "gps";
const patience = { timeoutMs: 60_000, stepMs: 10 };

/** Starts from an empty folder and leaves none. */
export async function runDevRound(store: StoreKind): Promise<DevRound> {
  const layout = await freeLayout({ store, simulate: true });
  const since = stopwatch();
  return await withSystem(layout, async (system) => {
    const well = since();
    await waitFor("a row of the simulated vehicle", () => hasRow(system), patience);
    const visible = since();
    return { well, visible, stopped: await secondsToStop(system) };
  });
}

async function secondsToStop({ running: { keeper } }: TestSystem): Promise<number> {
  const stats = readStats();
  const pids = keeper.pids().flatMap(({ pid }) => treeOf(stats, pid).map((process) => process.pid));
  const since = stopwatch();
  await keeper.stop();
  await waitFor("the last process to end", () => Promise.resolve(isAnyLeft(pids) ? undefined : true), patience);
  return since();
}

/** Seconds from now on. */
function stopwatch(): () => number {
  const startMs = performance.now();
  return () => (performance.now() - startMs) / 1000;
}

/** The stream is not found until its first row is there. */
async function hasRow({ layout, query }: TestSystem): Promise<true | undefined> {
  const streams = JSON.stringify(await query("/v1/streams"));
  if (!streams.includes(`"${stream}"`)) return undefined;
  const page = await query(`/v1/telemetry?vehicle_id=${layout.vehicles[0]}&stream=${stream}&limit=1`);
  return (page as { rows: unknown[] }).rows.length > 0 ? true : undefined;
}

function isAnyLeft(pids: readonly number[]): boolean {
  const alive = new Set(readStats().filter(({ ended }) => !ended).map(({ pid }) => pid));
  return pids.some((pid) => alive.has(pid));
}
