/**
 * The guide's step 6 on a whole system with a simulated vehicle: a command goes to the vehicle, is flown, and its fate is
 * known, whatever is killed meanwhile; a stop holds until it is released.
 */
import { deepStrictEqual as equal, match, ok, rejects, strictEqual } from "node:assert/strict";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CommandService, CommandState } from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { pathsOf } from "../dev/layout.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

interface CommandView {
  readonly command_id: string;
  readonly state: string;
  readonly final: boolean;
  readonly steps: readonly { readonly state: string; readonly by: string; readonly code: string }[];
}

/** The guide's bodies, byte for byte. */
const registerBody = '{"vehicle_id": "drone-001","type": "fixed-wing","name": "Survey Alpha"}';
const commandBody = '{"vehicle_id":"drone-001","type":"rtl","data":{},"priority":"normal"}';

function operatorOf({ layout: { ports }, running: { token } }: TestSystem) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = async (port: number, path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
    return { status: response.status, body: await response.json() };
  };
  const command = async (body: string): Promise<CommandView> => {
    const { status, body: view } = await ask(ports.commands, "/v1/commands", { method: "POST", body });
    equal([status, typeof view.command_id], [200, "string"], JSON.stringify(view));
    return view;
  };
  const until = (id: string, states: readonly string[]) =>
    waitFor(`${id} to be ${states}`, async () => {
      // Who is killed answers nobody for a moment.
      const { body } = await ask(ports.commands, `/v1/commands/${id}`).catch(() => ({ body: undefined }));
      return states.includes(body?.state) ? body as CommandView : undefined;
    }, patience);
  return {
    command,
    until,
    register: () => ask(ports.fleet, "/v1/vehicles", { method: "POST", body: registerBody }),
    stop: (method: string) =>
      ask(ports.commands, "/v1/vehicles/drone-001/stop", { method, body: method === "POST" ? "{}" : undefined }),
    ask: (path: string, init?: RequestInit) => ask(ports.commands, path, init),
  };
}

Deno.test("a command is flown and its fate is known, through kills; a stop holds until it is released", async () => {
  const layout = await freeLayout({ store: "sqlite", simulate: true });
  await withSystem(layout, async (system) => {
    const operator = operatorOf(system);
    const unregistered = await operator.ask("/v1/commands", { method: "POST", body: commandBody });
    equal([unregistered.status, unregistered.body.code], [404, "not_found"]);
    strictEqual((await operator.register()).status, 201);
    // The commands service hears of it a moment later.
    const first = await waitFor("the registration to be known", async () => {
      const { status, body } = await operator.ask("/v1/commands", { method: "POST", body: commandBody });
      return status === 200 ? body as CommandView : undefined;
    }, patience);
    const flown = await operator.until(first.command_id, ["succeeded"]);
    const ladder = flown.steps.map(({ state, by }) => `${state} ${by}`).filter((step) => step !== "queued cloud");
    equal(ladder, ["accepted cloud", "sent cloud", "delivered vehicle", "executing vehicle", "succeeded vehicle"]);
    match(await Deno.readTextFile(pathsOf(layout.state).log("agent-drone-001")), /Command received.*"rtl"/);

    await flownOverGrpc(system);
    await flownAsGroup(system);
    await killedOnTheWay(system, operator);
    await stopped(system, operator);
  });
});

/** The same port speaks gRPC: a command is issued, and watched until the vehicle has done it. */
async function flownOverGrpc({ layout: { ports }, running: { token } }: TestSystem): Promise<void> {
  const baseUrl = `http://127.0.0.1:${ports.commands}`;
  const session = new Http2SessionManager(baseUrl);
  const client = createClient(CommandService, createGrpcTransport({ baseUrl, sessionManager: session }));
  const options = { headers: { authorization: `Bearer ${token}` }, timeoutMs: patience.timeoutMs };
  try {
    const { command } = await client.issueCommand({ vehicleId: "drone-001", type: "hold" }, options);
    const states: CommandState[] = [];
    for await (const { command: seen } of client.watchCommand({ commandId: command?.commandId }, options)) {
      states.push(seen?.state ?? CommandState.UNSPECIFIED);
    }
    strictEqual(states.at(-1), CommandState.SUCCEEDED, states.join());
    await rejects(client.getCommand({ commandId: command?.commandId }), { code: Code.InvalidArgument });
  } finally {
    session.abort();
  }
}

/** One call for many vehicles tells of each, to the end. */
async function flownAsGroup({ layout: { ports }, running: { token } }: TestSystem): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${ports.commands}/v1/group-commands`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: '{"vehicle_ids":["drone-001","nobody"],"type":"hold"}',
  });
  const text = await response.text();
  equal([...text.matchAll(/^event: (.*)$/gm)].map(([, event]) => event).toSorted(), [
    "end",
    "issued",
    "over",
    "refused",
  ]);
  match(text, /event: end\ndata: \{"succeeded":1,"failed":1,"not_issued":\[\]\}/);
}

/** A relay, the cloud and the agent killed while commands are on their way: none is left open, none runs twice. */
async function killedOnTheWay(system: TestSystem, operator: ReturnType<typeof operatorOf>): Promise<void> {
  const ids: string[] = [];
  for (const victim of ["relay", "cloud", "agent-drone-001"]) {
    const { command_id: id } = await operator.command('{"vehicle_id":"drone-001","type":"ping"}');
    system.running.keeper.signal(victim, "SIGKILL");
    ids.push(id);
    await operator.until(id, ["succeeded", "rejected", "unknown"]);
    // The next one only when the victim is back.
    await waitFor("a command to get through", async () => {
      const { status, body } = await operator.ask("/v1/commands", {
        method: "POST",
        body: '{"vehicle_id":"drone-001","type":"ping","wait_ms":3000}',
      }).catch(() => ({ status: 0, body: {} }));
      return status === 200 && body.state === "succeeded" || undefined;
    }, patience);
  }
  for (const id of ids) {
    const { body } = await operator.ask(`/v1/commands/${id}`);
    strictEqual(body.final, true, JSON.stringify(body));
    ok(
      body.steps.filter(({ state, code }: CommandView["steps"][0]) => state === "executing" && code === "").length <= 1,
    );
  }
}

async function stopped(system: TestSystem, operator: ReturnType<typeof operatorOf>): Promise<void> {
  const motion = await operator.command('{"vehicle_id":"drone-001","type":"takeoff","data":{}}').catch(() => undefined);
  const beganMs = performance.now();
  const { status, body } = await operator.stop("POST");
  equal([status, body.stopped], [200, true]);
  await waitFor("the vehicle's word on the stop", async () => {
    const { body } = await operator.stop("GET");
    return body.acknowledged_at !== null || undefined;
  }, patience);
  console.log(`  a stop is acknowledged after ${Math.round(performance.now() - beganMs)} ms`);
  if (motion !== undefined) await operator.until(motion.command_id, ["superseded", "succeeded", "rejected"]);
  const refused = await operator.ask("/v1/commands", { method: "POST", body: commandBody });
  equal([refused.status, refused.body.code], [409, "vehicle_stopped"]);
  // It outlives a restart of the agent.
  system.running.keeper.signal("agent-drone-001", "SIGKILL");
  await waitFor("the stop to be in force after a restart", async () => {
    const response = await fetch(`${system.agentUrl()}/v1/status`).catch(() => undefined);
    const status = await response?.json();
    return status?.commands?.stopped === true || undefined;
  }, patience);
  strictEqual((await operator.stop("DELETE")).body.stopped, false);
  await waitFor("the release", async () => {
    const { body } = await operator.stop("GET");
    return body.acknowledged_at !== null || undefined;
  }, patience);
  const { command_id: id } = await operator.command('{"vehicle_id":"drone-001","type":"hold"}');
  await operator.until(id, ["succeeded"]);
}
