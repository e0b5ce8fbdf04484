/** A system to be measured: processes of its own on free ports, in a folder of its own, as `deno task dev` starts them. */
import type { StoreKind } from "../dev/layout.ts";
import { startSystem } from "../dev/system.ts";
import { freeLayout, questioned, type TestSystem } from "../e2e/harness.ts";
import { cpuSecondsOf, readStats } from "../servers/process_tree.ts";

/** Runs a measurement on a system without simulated vehicles, and leaves no process and no file behind. */
export async function withBenchSystem(store: StoreKind, measure: (system: TestSystem) => Promise<void>): Promise<void> {
  const layout = await freeLayout({ store });
  const stopping = stoppedBySignal();
  const running = await startSystem(layout, (line) => console.error(line), { signal: stopping });
  try {
    await measure(questioned(layout, { running, said: [] }));
  } finally {
    await running.keeper.stop();
    await Deno.remove(layout.state, { recursive: true });
  }
}

/** Ctrl-C reaches the children too: what is left to do here is not to restart them. */
function stoppedBySignal(): AbortSignal {
  const stopping = new AbortController();
  Deno.addSignalListener("SIGINT", () => stopping.abort(new Error("Stopped by Ctrl-C")));
  return stopping.signal;
}

/** Processor seconds used so far: each unit with all that it started, and this very process as `bench`. */
export function cpuOfUnits({ running }: TestSystem): ReadonlyMap<string, number> {
  const stats = readStats();
  const units = running.keeper.pids().map(({ name, pid }) => [name, cpuSecondsOf(stats, pid)] as const);
  const own = stats.find(({ pid }) => pid === Deno.pid)?.cpuSeconds ?? NaN;
  return new Map([...units, ["bench", own]]);
}

/** `agent 1.20 s = 60 us a frame, ...`: what each used between two readings. */
export function cpuText(
  span: { before: ReadonlyMap<string, number>; after: ReadonlyMap<string, number> },
  frames: number,
): string {
  const used = [...span.after].map(([name, seconds]) => ({ name, seconds: seconds - (span.before.get(name) ?? 0) }));
  return used.map(({ name, seconds }) => `${name} ${seconds.toFixed(2)} s = ${(seconds / frames * 1e6).toFixed(0)} us`)
    .join(", ");
}

/** Versions of the servers that are running. */
export async function serverVersions({ layout }: TestSystem): Promise<string> {
  const nats = await (await fetch(`http://127.0.0.1:${layout.ports.hubMonitor}/varz`)).json();
  if (layout.store === "sqlite") return `nats-server ${nats.version}`;
  const build = await (await fetch(`http://127.0.0.1:${layout.ports.questDb}/exec?query=SELECT%20build()`)).json();
  return `nats-server ${nats.version}, ${build.dataset[0][0].replace("Build Information: ", "")}`;
}
