import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { EventStreamParser } from "#proto/base/event_stream.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { eventStreamsMax } from "./limits.ts";
import { CommandServiceStage } from "./testing/stage.ts";

async function staged() {
  const stage = await new CommandServiceStage().begin();
  await stage.login();
  const post = (body: unknown, headers = {}) =>
    stage.ask("/v1/group-commands", { method: "POST", headers, body: JSON.stringify(body) });
  return { stage, post };
}

/** Events as they come: name, and what they are about. */
async function* eventsOf(response: Response): AsyncGenerator<[string, Record<string, unknown>]> {
  const parser = new EventStreamParser();
  if (response.body === null) return;
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    for (const { event, data } of parser.push(text)) yield [event, JSON.parse(data)];
  }
}

const wish = { vehicle_ids: ["drone-001", "nobody"], type: "rtl" };

Deno.test("each vehicle's outcome is told, and at the end how it came out", async () => {
  const { stage, post } = await staged();
  const events = eventsOf(await post(wish));
  const { value: [kind, issued] } = await events.next();
  equal([kind, issued["vehicle_id"]], ["issued", "drone-001"]);
  const refused = await stage.clock.run(events.next());
  equal([refused.value[0], refused.value[1].vehicle_id, refused.value[1].code], ["refused", "nobody", "not_found"]);
  const over = events.next();
  await stage.say(String(issued["command_id"]), { number: 1, state: "succeeded" });
  equal([(await over).value[0], (await over).value[1].state], ["over", "succeeded"]);
  equal((await events.next()).value, ["end", { succeeded: 1, failed: 1, not_issued: [] }]);
  strictEqual((await events.next()).done, true);
});

Deno.test("who leaves and comes again with the same key commands nobody twice", async () => {
  const { stage, post } = await staged();
  const key = { "idempotency-key": "k" };
  const first = eventsOf(await post(wish, key));
  const { value: [, issued] } = await first.next();
  await first.return(undefined);
  await stage.clock.advance(10_000);
  const again = eventsOf(await post(wish, key));
  const { value: [kind, same] } = await again.next();
  equal([kind, same["command_id"]], ["issued", issued["command_id"]]);
  await again.return(undefined);
  strictEqual(stage.book.openCount(parseVehicleId("drone-001")), 1);
});

Deno.test("streams that were left make room", async () => {
  const { stage, post } = await staged();
  for (let i = 0; i <= eventStreamsMax; i++) {
    const response = await post({ ...wish, vehicle_ids: ["nobody"] });
    strictEqual(response.status, 200);
    await response.body?.cancel();
    await stage.clock.advance(0);
  }
});

Deno.test("what is wrong with the whole call is said at once", async () => {
  const { post } = await staged();
  const codeOf = async (body: unknown) => {
    const { status, code, pointer } = await (await post(body)).json();
    return [status, code, pointer];
  };
  equal(await codeOf({ type: "rtl" }), [422, "bad_query", "/vehicle_ids"]);
  equal(await codeOf({ ...wish, group: "north" }), [422, "bad_query", "/vehicle_ids"]);
  equal(await codeOf({ ...wish, vehicle_ids: [] }), [422, "bad_query", "/vehicle_ids"]);
  equal(await codeOf({ ...wish, rate_per_second: 0 }), [422, "bad_query", "/rate_per_second"]);
  equal(await codeOf({ ...wish, type: "dance" }), [422, "unknown_command", "/type"]);
  equal(await codeOf({ type: "rtl", group: "nowhere" }), [404, "not_found", "/group"]);
});
