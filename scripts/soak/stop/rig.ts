/**
 * The rig of stops: a vehicle on a narrow network that loses, its backlog full, is stopped and released again and again,
 * while it is told to move.
 */
import { vehicleClient } from "#edge/sdk/io/client.ts";
import type { Random } from "#proto/ports.ts";
import { freeLayout, type TestSystem, withSystem } from "../../e2e/harness.ts";
import { AgentApi } from "../../replay/agent_api.ts";
import { freePorts } from "../../servers/ports.ts";
import { waitFor } from "../../servers/wait.ts";
import { pause } from "../pause.ts";
import { clearPath, type PathConditions } from "../udp_path.ts";
import { startUdpProxy } from "../udp_proxy.ts";

/** How often, through what. */
export interface StopRigOptions {
  readonly count: number;
  /** Both ways. */
  readonly path: Partial<PathConditions>;
  readonly random: Pick<Random, "fraction">;
}

/** The end of it. */
export interface StopRigResult {
  /** From the operator's request to the vehicle's software, ms. */
  readonly stopsMs: readonly number[];
  /** To the vehicle's signed word in the cloud, ms. */
  readonly acknowledgedMs: readonly number[];
  /** Motions that were begun between a stop and its release. */
  readonly begunWhileStopped: number;
  /** Records that waited on the vehicle, at each stop. */
  readonly backlog: readonly number[];
}

/** More than the network carries. */
const framesPerPost = 150;
const postEveryMs = 100;
const patience = { timeoutMs: 60_000, stepMs: 5 };

/** Runs it on a system of its own. */
export async function runStopRig({ count, path, random }: StopRigOptions): Promise<StopRigResult> {
  const [dialedPort] = freePorts(1);
  const layout = { ...await freeLayout({ store: "sqlite" }), dialedPort };
  const target = { hostname: "127.0.0.1", port: layout.ports.relay };
  const proxy = startUdpProxy({ target, random, port: dialedPort });
  try {
    return await withSystem(layout, async (system) => {
      proxy.change({ ...clearPath, ...path });
      return await stopAgain(system, { count, random });
    });
  } finally {
    await proxy.close();
  }
}

async function stopAgain(
  system: TestSystem,
  { count, random }: Pick<StopRigOptions, "count" | "random">,
): Promise<StopRigResult> {
  const over = new AbortController();
  const state = { isStopped: false, begunWhileStopped: 0, onStop: () => {} };
  const working = [takeCommands(system, state, over.signal), fillBacklog(system, random, over.signal)];
  const ask = operatorOf(system);
  await ask("fleet", "/v1/vehicles", {
    method: "POST",
    body: '{"vehicle_id":"drone-001","type":"rover","name":"Rig"}',
  });
  await waitFor("software", async () => {
    const status = await agentStatus(system);
    return status.commands.software === "rig" && status.backlog.records > 1_000 || undefined;
  }, patience);
  const result = { stopsMs: [] as number[], acknowledgedMs: [] as number[], backlog: [] as number[] };
  for (let at = 0; at < count; at++) {
    // A motion that is on its way, or goes on.
    await ask("commands", "/v1/commands", {
      method: "POST",
      body: '{"vehicle_id":"drone-001","type":"goto","data":{"latitude":47,"longitude":8}}',
    });
    await pause(random.fraction() * 500, over.signal);
    result.backlog.push((await agentStatus(system)).backlog.records);
    const stopped = Promise.withResolvers<number>();
    state.onStop = () => stopped.resolve(performance.now());
    const beganMs = performance.now();
    await ask("commands", "/v1/vehicles/drone-001/stop", { method: "POST", body: "{}" });
    result.stopsMs.push(await stopped.promise - beganMs);
    await untilAcknowledged(ask);
    result.acknowledgedMs.push(performance.now() - beganMs);
    await ask("commands", "/v1/vehicles/drone-001/stop", { method: "DELETE" });
    await untilAcknowledged(ask);
  }
  over.abort();
  await Promise.all(working);
  return { ...result, begunWhileStopped: state.begunWhileStopped };
}

async function takeCommands(
  system: TestSystem,
  state: { isStopped: boolean; begunWhileStopped: number; onStop: () => void },
  signal: AbortSignal,
): Promise<void> {
  await vehicleClient({ agentUrl: system.agentUrl(), name: "rig" }).takeCommands({
    onCommand: async (_command, context) => {
      if (state.isStopped) state.begunWhileStopped += 1;
      await pause(5_000, context.signal);
      context.signal.throwIfAborted();
      return { state: "succeeded" };
    },
    onStop: () => {
      state.isStopped = true;
      state.onStop();
    },
    onRelease: () => state.isStopped = false,
  }, signal);
}

/** Frames that do not pack well, faster than they can go. */
async function fillBacklog(system: TestSystem, random: Pick<Random, "fraction">, signal: AbortSignal): Promise<void> {
  const api = new AgentApi(system.agentUrl(), { patienceMs: 10_000 });
  while (!signal.aborted) {
    const frames = Array.from(
      { length: framesPerPost },
      () =>
        JSON.stringify({
          stream: "bulk",
          class: "bulk",
          data: { noise: Array.from({ length: 12 }, () => random.fraction()) },
        }),
    );
    await api.post(frames);
    await pause(postEveryMs, signal);
  }
}

async function agentStatus(system: TestSystem) {
  return await (await fetch(`${system.agentUrl()}/v1/status`)).json();
}

function operatorOf({ layout: { ports }, running: { token } }: TestSystem) {
  return async (service: keyof typeof ports, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${ports[service]}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  };
}

async function untilAcknowledged(ask: ReturnType<typeof operatorOf>): Promise<void> {
  await waitFor("the vehicle's word", async () => {
    const { acknowledged_at: at } = await ask("commands", "/v1/vehicles/drone-001/stop");
    return at !== null || undefined;
  }, patience);
}
