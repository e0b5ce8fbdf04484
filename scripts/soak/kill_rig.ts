/** The rig of kills: a whole system, one of whose processes after another is killed and started again by a keeper. */
import type { Random } from "#proto/ports.ts";
import type { Keeper } from "../dev/keeper.ts";
import type { StoreKind } from "../dev/layout.ts";
import { freeLayout, type TestSystem, withSystem } from "../e2e/harness.ts";
import { cpuSecondsOf, readStats } from "../servers/process_tree.ts";
import { type RigResult, runRig } from "./io/rig.ts";
import { pause } from "./pause.ts";
import { RestartTimes } from "./restart_times.ts";

/** How long, how many frames, how often. */
export interface KillOptions {
  readonly store: StoreKind;
  readonly seconds: number;
  readonly total: number;
  readonly everyMs: number;
  /** Chooses among those that run; in turn without it. */
  readonly random?: Pick<Random, "fraction">;
}

/** The end of it. */
export interface KillResult extends RigResult {
  /** How often each was killed. */
  readonly kills: Readonly<Record<string, number>>;
  /** What the keeper said of processes that ended without being killed. */
  readonly ownEnds: readonly string[];
  /** Of the agent. */
  readonly restarts: RestartTimes;
}

/** Runs it on a system of its own. */
export async function runKillRig(options: KillOptions): Promise<KillResult> {
  const layout = await freeLayout({ store: options.store });
  const agent = `agent-${layout.vehicles[0]}`;
  // Undefined until all has been started for the first time.
  let keeper: Keeper | undefined;
  const pidOfAgent = () => keeper?.pids().find(({ name }) => name === agent)?.pid ?? NaN;
  const restarts = new RestartTimes(() => cpuSecondsOf(readStats(), pidOfAgent()));
  return await withSystem(layout, async (system) => {
    keeper = system.running.keeper;
    const kills = Object.fromEntries(system.running.units.map(({ plan }) => [plan.name, 0]));
    const trouble = (signal: AbortSignal) => killUntil(signal, { ...options, system, kills });
    const result = await runRig(system, { ...options, trouble, restarts });
    const ownEnds = system.said.filter((line) => / ended \(/.test(line) && !line.includes("SIGKILL"));
    return { ...result, kills, ownEnds, restarts };
  }, {
    // As many kills as can be shall hit a system at work.
    restartPauseMs: () => 0,
    onStarted: (name) => {
      if (name === agent && keeper !== undefined) restarts.handleStarted(performance.now());
    },
  });
}

async function killUntil(
  signal: AbortSignal,
  { system, kills, everyMs, random }: KillOptions & { system: TestSystem; kills: Record<string, number> },
): Promise<void> {
  const { keeper, units } = system.running;
  const all = units.map(({ plan }) => plan.name);
  for (let turn = 0; !signal.aborted; turn++) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    const victim = all[random === undefined ? turn % all.length : Math.floor(random.fraction() * all.length)];
    // One that was killed just before may not be there yet.
    if (!keeper.pids().some(({ name }) => name === victim)) continue;
    keeper.signal(victim, "SIGKILL");
    kills[victim]++;
  }
}
