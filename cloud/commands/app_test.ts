import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import { drone } from "../lib/links/testing/board_stage.ts";
import { bodyBytesMax, dataBytesMax } from "./limits.ts";
import { commandMetrics, createCounts } from "./metrics.ts";
import { CommandServiceStage } from "./testing/stage.ts";

const guide = { vehicle_id: "drone-001", type: "rtl", data: {}, priority: "normal" };

async function staged() {
  const stage = await new CommandServiceStage().begin();
  await stage.login();
  const post = (path: string, body?: unknown, headers = {}) =>
    stage.ask(path, { method: "POST", headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { stage, post };
}

async function codeOf(response: Response): Promise<string> {
  const { code, status } = await response.json();
  strictEqual(status, response.status);
  return `${status} ${code}`;
}

Deno.test("the guide's command is answered 200 with its id, and shown with its ladder", async () => {
  const { stage, post } = await staged();
  const answer = await post("/v1/commands", guide);
  const { command_id: id, state, final } = await answer.json();
  equal([answer.status, state, final], [200, "sent", false]);
  await stage.say(id, { number: 1, state: "succeeded", data: '{"up_m":0}' });
  const view = await (await stage.ask(`/v1/commands/${id}`)).json();
  equal([view.state, view.final, view.result], ["succeeded", true, { up_m: 0 }]);
  equal(view.steps.map(({ state, by }: { state: string; by: string }) => `${state} ${by}`), [
    "accepted cloud",
    "sent cloud",
    "succeeded vehicle",
  ]);
  const { commands, next_cursor: next } = await (await stage.ask("/v1/commands?vehicle_id=drone-001&limit=1")).json();
  equal([commands[0].command_id, next], [id, null]);
});

Deno.test("an answer can wait for the outcome", async () => {
  const { stage, post } = await staged();
  const answering = post("/v1/commands", { ...guide, wait_ms: 5_000 });
  await stage.clock.advance(100);
  const [{ id }] = stage.commands();
  await stage.say(id, { number: 1, state: "failed", code: "no_gps" });
  strictEqual((await (await stage.clock.run(answering)).json()).state, "failed");
  const waiting = stage.ask(
    `/v1/commands/${(await (await post("/v1/commands", guide)).json()).command_id}?wait_ms=100`,
  );
  strictEqual((await (await stage.clock.run(waiting)).json()).state, "sent");
});

Deno.test("what is wrong is named with its place", async () => {
  const { stage, post } = await staged();
  const wrong: [unknown, string][] = [
    [{ ...guide, vehicle_id: "nobody" }, "404 not_found"],
    [{ ...guide, vehicle_id: "a b" }, "422 bad_query"],
    [{ ...guide, type: "dance" }, "422 unknown_command"],
    [{ ...guide, type: "ss_cancel" }, "422 bad_query"],
    [{ ...guide, data: { a: 1 } }, "422 bad_query"],
    [{ ...guide, data: [] }, "422 bad_query"],
    [{ ...guide, ttl_ms: 1 }, "422 bad_query"],
    [{ ...guide, extra: 1 }, "422 bad_query"],
  ];
  for (const [body, code] of wrong) strictEqual(await codeOf(await post("/v1/commands", body)), code);
  strictEqual(
    await codeOf(await post("/v1/commands", { ...guide, reason: "x".repeat(bodyBytesMax) })),
    "413 too_large",
  );
  strictEqual(await codeOf(await stage.ask("/v1/commands/none")), "422 bad_query");
  const none = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  strictEqual(await codeOf(await stage.ask(`/v1/commands/${none}`)), "404 not_found");
  strictEqual(await codeOf(await post(`/v1/commands/${none}/cancel`)), "404 not_found");
  ok(dataBytesMax < bodyBytesMax);
});

Deno.test("a key makes a repeat harmless, and is worth one request", async () => {
  const { post } = await staged();
  const key = { "idempotency-key": "once" };
  const ids = [await post("/v1/commands", guide, key), await post("/v1/commands", guide, key)];
  const [first, second] = await Promise.all(ids.map(async (answer) => (await answer.json()).command_id));
  strictEqual(first, second);
  strictEqual(await codeOf(await post("/v1/commands", { ...guide, type: "land" }, key)), "422 different_request");
  strictEqual(await codeOf(await post("/v1/commands", guide, { "idempotency-key": "two words" })), "422 bad_query");
});

Deno.test("a stop is sent, shown, and released; motions are refused meanwhile", async () => {
  const { stage, post } = await staged();
  const path = `/v1/vehicles/${drone}/stop`;
  const before = await (await stage.ask(path)).json();
  equal([before.stopped, before.number], [false, null]);
  strictEqual(await codeOf(await stage.ask(path, { method: "DELETE" })), "409 wrong_state");
  const stopped = await post(path, { reason: "people below" });
  const { stopped: is, number, acknowledged_at: acknowledged } = await stopped.json();
  equal([stopped.status, is, acknowledged], [200, true, null]);
  strictEqual(await codeOf(await post("/v1/commands", guide)), "409 vehicle_stopped");
  const [stop] = stage.stopsHeard();
  await stage.say(stop.id, { state: "succeeded" });
  const view = await (await stage.ask(path)).json();
  equal([view.number, view.reason, view.acknowledged_at !== null], [number, "people below", true]);
  strictEqual((await (await stage.ask(path, { method: "DELETE" })).json()).stopped, false);
  strictEqual((await post("/v1/commands", guide)).status, 200);
  strictEqual((await stage.ask("/v1/vehicles/nobody/stop")).status, 404);
  strictEqual(await codeOf(await post("/v1/vehicles/nobody/stop", {})), "404 not_found");
  // One that was ever here is stopped although nobody registered it.
  stage.registered.clear();
  strictEqual((await post(path, {})).status, 200);
});

Deno.test("a command is taken back before it is sent", async () => {
  const stage = await new CommandServiceStage().begin();
  const given = await stage.ask("/v1/commands", { method: "POST", body: JSON.stringify(guide) });
  const { command_id: id, state } = await given.json();
  strictEqual(state, "queued");
  const cancel = () => stage.ask(`/v1/commands/${id}/cancel`, { method: "POST" });
  strictEqual((await (await cancel()).json()).state, "cancelled");
  strictEqual(await codeOf(await cancel()), "409 wrong_state");
});

Deno.test("nobody gets in without a token, and the document and health are for all", async () => {
  const { stage } = await staged();
  const headers = { authorization: "Bearer wrong" };
  strictEqual((await stage.ask("/v1/commands", { headers })).status, 401);
  strictEqual((await stage.ask(`/v1/vehicles/${drone}/stop`, { headers, method: "POST" })).status, 401);
  equal([(await stage.ask("/healthz", { headers })).status, (await stage.ask("/none", { headers })).status], [
    200,
    404,
  ]);
  const document = await (await stage.ask("/openapi.json", { headers })).json();
  strictEqual(Object.keys(document.paths).length, 7);
});

Deno.test("metrics count commands by type and those that are open by state", () => {
  const counts = createCounts();
  counts.accepted.set("rtl", 2);
  const text = commandMetrics(counts, new Map([["sent", 1]]));
  ok(text.includes('commands_accepted_total{type="rtl"} 2') && text.includes('commands_open{state="sent"} 1'), text);
});

Deno.test("types of commands are told with all that a form needs", async () => {
  const { stage } = await staged();
  const { types } = await (await stage.ask("/v1/command-types")).json();
  const one = types.find(({ type }: { type: string }) => type === "set_speed");
  const { properties, required } = one.data;
  equal([one.class, one.role, one.vehicle_types], ["motion", "operator", null]);
  equal([properties, required], [{ speed_mps: { type: "number", minimum: 0, maximum: 500 } }, ["speed_mps"]]);
});
