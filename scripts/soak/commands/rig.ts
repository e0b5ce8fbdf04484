/**
 * The rig of commands: an operator commands a vehicle over poor networks while relay, cloud and agent are killed in turn,
 * and the vehicle's software writes down what it does.
 */
import { vehicleClient } from "#edge/sdk/io/client.ts";
import type { Random } from "#proto/ports.ts";
import { freeLayout, type TestSystem, withSystem } from "../../e2e/harness.ts";
import { freePorts } from "../../servers/ports.ts";
import { waitFor } from "../../servers/wait.ts";
import { pause } from "../pause.ts";
import { clearPath } from "../udp_path.ts";
import { startUdpProxy, type UdpProxy } from "../udp_proxy.ts";
import type { Weather } from "../weather.ts";
import { type CommandFindings, type Doing, judge, type ShownCommand } from "./judge.ts";

/** How many, how fast, through what. */
export interface CommandRigOptions {
  readonly count: number;
  readonly perSecond: number;
  /** A process is killed, and the network another one, so often. */
  readonly everyMs: number;
  readonly weathers: readonly Weather[];
  readonly random: Pick<Random, "fraction">;
}

/** The end of it. */
export interface CommandRigResult {
  readonly findings: CommandFindings;
  /** How often each was killed. */
  readonly kills: Readonly<Record<string, number>>;
  /** Requests that had no answer, and were made again under the same key. */
  readonly repeated: number;
  /** From the last command to the moment when nothing was open. */
  readonly settledMs: number;
}

const ttlMs = 8_000;
/** Commands take up to so long. */
const workMsMax = 400;
/** After its deadline and the vehicle's grace nothing may be open; what was in a journal comes with the next login. */
const settleMsMax = 90_000;
const victims = ["relay", "cloud", "agent-drone-001"];

/** Runs it on a system of its own. */
export async function runCommandRig(options: CommandRigOptions): Promise<CommandRigResult> {
  const [dialedPort] = freePorts(1);
  const layout = { ...await freeLayout({ store: "sqlite" }), dialedPort };
  const target = { hostname: "127.0.0.1", port: layout.ports.relay };
  const proxy = startUdpProxy({ target, random: options.random, port: dialedPort });
  try {
    return await withSystem(layout, (system) => command(system, { ...options, proxy }), { restartPauseMs: () => 0 });
  } finally {
    await proxy.close();
  }
}

async function command(
  system: TestSystem,
  options: CommandRigOptions & { proxy: UdpProxy },
): Promise<CommandRigResult> {
  const done: (Doing & { outcome: string | undefined })[] = [];
  const over = new AbortController();
  const software = vehicleClient({ agentUrl: system.agentUrl(), name: "rig" }).takeCommands({
    onCommand: async ({ id }) => {
      const doing = { id, beganMs: Date.now(), outcome: undefined as string | undefined };
      done.push(doing);
      await pause(options.random.fraction() * workMsMax, over.signal);
      const state = options.random.fraction() < 0.8 ? "succeeded" as const : "failed" as const;
      doing.outcome = state;
      return { state };
    },
  }, over.signal);
  const operator = operatorOf(system);
  await operator.register();
  const trouble = new AbortController();
  const kills = Object.fromEntries(victims.map((name) => [name, 0]));
  const troubling = troubleUntil(trouble.signal, { ...options, system, kills });
  const asked: string[] = [];
  for (let at = 0; at < options.count; at++) {
    asked.push(await operator.command(`command-${at}`));
    await pause(1_000 / options.perSecond, over.signal);
  }
  trouble.abort();
  await troubling;
  const endMs = performance.now();
  const shown = await waitFor("every command to be over", async () => {
    const all = await operator.all();
    const isSettled = all.every(({ final }) => final) || performance.now() - endMs > settleMsMax;
    return isSettled ? all : undefined;
  }, { timeoutMs: 2 * settleMsMax });
  const settledMs = performance.now() - endMs;
  over.abort();
  await software;
  return { findings: judge(asked, { shown, done }), kills, repeated: operator.repeated, settledMs };
}

function operatorOf({ layout: { ports }, running: { token } }: TestSystem) {
  const operator = { repeated: 0 };
  const ask = async (port: number, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers,
      signal: AbortSignal.timeout(10_000),
    });
    const body = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return body;
  };
  /** Until it is answered: services are killed all the time. */
  const insist = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch {
        // The same again, under the same key.
        operator.repeated++;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  return {
    get repeated() {
      return operator.repeated;
    },
    register: () =>
      insist(() =>
        ask(ports.fleet, "/v1/vehicles", {
          method: "POST",
          body: JSON.stringify({ vehicle_id: "drone-001", type: "rover", name: "Rig" }),
        })
      ),
    command: async (key: string): Promise<string> => {
      const body = JSON.stringify({ vehicle_id: "drone-001", type: "ping", ttl_ms: ttlMs });
      const init = { method: "POST", body, headers: { "idempotency-key": key } };
      return (await insist(() => ask(ports.commands, "/v1/commands", init))).command_id;
    },
    all: async (): Promise<ShownCommand[]> => {
      const all: ShownCommand[] = [];
      for (let cursor = ""; cursor !== "end";) {
        const page = await insist(() => ask(ports.commands, `/v1/commands?limit=500${cursor}`));
        all.push(...page.commands);
        cursor = page.next_cursor === null ? "end" : `&cursor=${page.next_cursor}`;
      }
      return all;
    },
  };
}

async function troubleUntil(
  signal: AbortSignal,
  { system, kills, proxy, everyMs, weathers, random }: CommandRigOptions & {
    system: TestSystem;
    proxy: UdpProxy;
    kills: Record<string, number>;
  },
): Promise<void> {
  const { keeper } = system.running;
  for (let turn = 0; !signal.aborted; turn++) {
    const { up, down, rebinds } = weathers[Math.floor(random.fraction() * weathers.length)];
    proxy.up.change({ ...clearPath, ...up });
    proxy.down.change({ ...clearPath, ...down });
    if (rebinds) proxy.rebind();
    await pause(everyMs, signal);
    const victim = victims[turn % victims.length];
    if (signal.aborted || !keeper.pids().some(({ name }) => name === victim)) continue;
    keeper.signal(victim, "SIGKILL");
    kills[victim]++;
  }
  proxy.change(clearPath);
}
