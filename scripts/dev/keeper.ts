/** Starts units in order, keeps them running, stops them all. */
import { crashesAfter, restartPauseMs } from "#cloud/lib/restart_policy.ts";
import { type Child, startChild, tailOf } from "../servers/child.ts";
import type { Say } from "../servers/obtain.ts";
import { waitFor } from "../servers/wait.ts";
import type { Unit } from "./units.ts";

/** How long a unit may take to become well. */
const readyTimeoutMs = 60_000;
/** Ctrl-C reaches the children too: whether an end was asked for is known only a little later. */
const endSettleMs = 100;
/** How long a process may take to stop in good order before it is killed. */
const stopGraceMs = 2_500;

/** A running system. */
export interface Keeper {
  /** Pid of each unit's present process. */
  pids(): { name: string; pid: number; command: string }[];
  /** Sends a unit's process a signal, if there is one: SIGKILL ends it as a crash would, and it is restarted. */
  signal(name: string, signal: Deno.Signal): void;
  /** Stops everything; settles when no process is left. */
  stop(): Promise<void>;
}

/** Options of {@link keepUnits}. */
export interface KeepOptions {
  readonly say: Say;
  /** Stops everything when it fires, also in the middle of the start. */
  readonly signal?: AbortSignal;
  /** Called whenever a process was started, before anything else happens to it. */
  readonly onStarted?: (keeper: Keeper, name: string) => void;
  /** Pause before a process is started again, by how many of its runs in a row ended soon; as in production by default. */
  readonly restartPauseMs?: (crashes: number) => number;
}

/** Starts each unit when the one before is well. Throws when one does not get well, with everything stopped. */
export async function keepUnits(units: readonly Unit[], options: KeepOptions): Promise<Keeper> {
  const children = new Map<string, Child>();
  const watches: Promise<void>[] = [];
  const stopping = new AbortController();
  options.signal?.addEventListener("abort", () => stopping.abort(options.signal?.reason), { once: true });
  const keeper: Keeper = {
    pids: () =>
      units.flatMap(({ plan }) => {
        const child = children.get(plan.name);
        return child === undefined ? [] : [{ name: plan.name, pid: child.pid, command: plan.command }];
      }),
    signal: (name, signal) => children.get(name)?.kill(signal),
    stop: async () => {
      stopping.abort();
      await Promise.all([...children.values()].map((child) => child.stop(stopGraceMs)));
      await Promise.all(watches);
    },
  };
  try {
    for (const unit of units) {
      watches.push(keepOne(unit));
      await becomeWell(unit);
    }
    return keeper;
  } catch (error) {
    await keeper.stop();
    throw error;
  }

  async function keepOne({ plan, beforeStart, afterEnd }: Unit): Promise<void> {
    let crashes = 0;
    while (!stopping.signal.aborted) {
      if (beforeStart !== undefined) await attempt(`prepare ${plan.name}`, beforeStart, options.say);
      if (stopping.signal.aborted) return;
      const startedAtMs = performance.now();
      const child = startChild(plan);
      children.set(plan.name, child);
      options.onStarted?.(keeper, plan.name);
      const end = await child.ended;
      children.delete(plan.name);
      if (afterEnd !== undefined) await attempt(`settle the end of ${plan.name}`, afterEnd, options.say);
      await pause(endSettleMs, stopping.signal);
      if (stopping.signal.aborted) return;
      crashes = crashesAfter(performance.now() - startedAtMs, crashes);
      const pauseMs = (options.restartPauseMs ?? restartPauseMs)(crashes);
      options.say(
        `${plan.name} ended (${end}), starting it again${
          pauseMs === 0 ? "" : ` in ${pauseMs / 1000} s`
        }; log: ${plan.logFile}`,
      );
      await pause(pauseMs, stopping.signal);
    }
  }

  async function becomeWell(unit: Unit): Promise<void> {
    const { name, logFile } = unit.plan;
    try {
      await waitFor(`${name} to be well`, async () => await unit.ready() || undefined, {
        timeoutMs: readyTimeoutMs,
        signal: stopping.signal,
      });
    } catch (error) {
      stopping.signal.throwIfAborted();
      throw new Error(`Cannot start ${name}; the end of ${logFile}:\n${await tailOf(logFile)}`, { cause: error });
    }
  }
}

/** What fails around a process is said, and keeps nothing from running. */
async function attempt(action: string, work: () => Promise<void>, say: Say): Promise<void> {
  try {
    await work();
  } catch (error) {
    say(`Cannot ${action}: ${error instanceof Error ? error.message : error}`);
  }
}

function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
