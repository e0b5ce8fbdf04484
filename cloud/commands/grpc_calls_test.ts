import { deepStrictEqual as equal, rejects, strictEqual } from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { ErrorInfoSchema } from "#proto/gen/google/rpc/error_details_pb.ts";
import {
  CommandClass,
  CommandService,
  CommandState,
  Priority,
  Speaker,
} from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { commandCalls } from "./grpc_calls.ts";
import { eventStreamsMax } from "./limits.ts";
import { CommandServiceStage } from "./testing/stage.ts";

async function staged() {
  const stage = await new CommandServiceStage().begin();
  await stage.login();
  const service = commandCalls(stage.api);
  const client = createClient(
    CommandService,
    createRouterTransport((router) => void router.service(CommandService, service)),
  );
  return { stage, client };
}

const options = { headers: { authorization: "Bearer an-operators-token" }, timeoutMs: 60_000 };
const guide = { vehicleId: "drone-001", type: "rtl" };

async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  const thrown = await call.then(() => undefined, (thrown: ConnectError) => thrown);
  const [info] = thrown?.findDetails(ErrorInfoSchema) ?? [];
  return [thrown?.code, info?.reason, info?.metadata["pointer"]];
}

Deno.test("the guide's command is taken and shown as by REST", async () => {
  const { stage, client } = await staged();
  const { command } = await client.issueCommand({ ...guide, priority: Priority.HIGH, reason: "wind" }, options);
  const id = command?.commandId ?? "";
  await stage.say(id, { number: 1, state: "succeeded", data: '{"up_m":0}' });
  const { command: shown } = await client.getCommand({ commandId: id }, options);
  const { state, class: name, priority, reason, final, result, data, steps = [], createdAt } = shown ?? {};
  equal([state, name, priority, reason, final], [
    CommandState.SUCCEEDED,
    CommandClass.MOTION,
    Priority.HIGH,
    "wind",
    true,
  ]);
  equal([data, result?.kind.case], [{}, "structValue"]);
  equal(steps.map(({ state, by }) => [state, by]), [
    [CommandState.ACCEPTED, Speaker.CLOUD],
    [CommandState.SENT, Speaker.CLOUD],
    [CommandState.SUCCEEDED, Speaker.VEHICLE],
  ]);
  const rest = await (await stage.ask(`/v1/commands/${id}`)).json();
  strictEqual(createdAt && timestampDate(createdAt).toISOString(), rest.created_at);
});

Deno.test("commands are listed by pages, and cancelled", async () => {
  const { client } = await staged();
  for (let i = 0; i < 3; i++) await client.issueCommand(guide, options);
  const first = await client.listCommands({ vehicleId: drone, state: CommandState.SENT, pageSize: 2 }, options);
  const last = await client.listCommands({ pageToken: first.nextPageToken }, options);
  equal([first.commands.length, last.commands.length, last.nextPageToken], [2, 1, ""]);
  equal((await client.listCommands({ state: CommandState.FAILED }, options)).commands, []);
  const { command } = await client.cancelCommand({ commandId: last.commands[0].commandId }, options);
  strictEqual(command?.state, CommandState.CANCELLING);
});

Deno.test("the same key gives the same command", async () => {
  const { client } = await staged();
  const issue = async () => (await client.issueCommand({ ...guide, idempotencyKey: "k" }, options)).command?.commandId;
  strictEqual(await issue(), await issue());
});

Deno.test("a command is watched until nothing more can become of it", async () => {
  const { stage, client } = await staged();
  const { id } = await stage.accept();
  const watch = client.watchCommand({ commandId: id }, options)[Symbol.asyncIterator]();
  const seen: unknown[] = [(await watch.next()).value?.command?.state];
  for (const [at, state] of (["executing", "failed"] as const).entries()) {
    const next = watch.next();
    await stage.say(id, { number: at + 1, state });
    seen.push((await next).value?.command?.state);
  }
  equal(seen, [CommandState.SENT, CommandState.EXECUTING, CommandState.FAILED]);
  strictEqual((await watch.next()).done, true);
});

Deno.test("a watch that is given up makes room, although nothing happens to the command", async () => {
  const { stage, client } = await staged();
  const { id: commandId } = await stage.accept();
  for (let i = 0; i <= eventStreamsMax; i++) {
    const leaving = new AbortController();
    const call = { ...options, signal: leaving.signal };
    const watch = client.watchCommand({ commandId }, call)[Symbol.asyncIterator]();
    equal((await watch.next()).value?.command?.commandId, commandId);
    leaving.abort();
    await rejects(watch.next(), { code: Code.Canceled });
  }
});

Deno.test("a vehicle is stopped and released", async () => {
  const { client } = await staged();
  equal((await client.getStop({ vehicleId: drone }, options)).stop?.stopped, false);
  const { stop } = await client.stopVehicle({ vehicleId: drone, reason: "children" }, options);
  equal([stop?.stopped, stop?.reason, stop?.acknowledgedAt], [true, "children", undefined]);
  equal(await refusalOf(client.issueCommand(guide, options)), [Code.FailedPrecondition, "vehicle_stopped", undefined]);
  equal((await client.releaseVehicle({ vehicleId: drone }, options)).stop?.stopped, false);
});

Deno.test("what is wrong has a status, our code, and its place", async () => {
  const { client } = await staged();
  const call = (request: object, with_: object = options) =>
    refusalOf(client.issueCommand({ ...guide, ...request }, with_));
  equal(await call({ vehicleId: "nobody" }), [Code.NotFound, "not_found", "/vehicle_id"]);
  equal(await call({ vehicleId: "a b" }), [Code.InvalidArgument, "bad_query", "/vehicle_id"]);
  equal(await call({ ttlMs: 1 }), [Code.InvalidArgument, "bad_query", "/ttl_ms"]);
  equal(await call({ priority: 9 }), [Code.InvalidArgument, "bad_query", "/priority"]);
  equal(await call({ type: "dance" }), [Code.InvalidArgument, "unknown_command", "/type"]);
  equal(await call({ idempotencyKey: "a\nb" }), [Code.InvalidArgument, "bad_request", undefined]);
  equal(await call({}, { timeoutMs: 1_000 }), [Code.Unauthenticated, "unauthorized", undefined]);
  equal(await call({}, { headers: options.headers }), [Code.InvalidArgument, undefined, undefined]);
  const none = { commandId: "../../vehicles/drone-001/stop" };
  equal(await refusalOf(client.getCommand(none, options)), [Code.InvalidArgument, "bad_query", "/id"]);
  await rejects(client.watchCommand(none, options)[Symbol.asyncIterator]().next(), { code: Code.InvalidArgument });
});
