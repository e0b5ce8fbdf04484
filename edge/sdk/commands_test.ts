import { deepStrictEqual as equal, match, ok, strictEqual } from "node:assert/strict";
import { CommandStage } from "../commands/testing/stage.ts";
import { commandPingMs, eventDataBytesMax } from "../limits.ts";
import { makeStage } from "./testing/stage.ts";

async function staged() {
  const commands = await new CommandStage().open();
  const { request } = makeStage({ desk: commands.desk });
  const post = (path: string, body?: unknown) =>
    request(path, { method: "POST", ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { commands, request, post };
}

/** Reads a stream event by event, as a browser would. */
function reader(response: Response) {
  const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  ok(stream !== undefined);
  let text = "";
  return {
    next: async (): Promise<string> => {
      while (!text.includes("\n\n")) {
        const { value, done } = await stream.read();
        if (done) return "end";
        text += value;
      }
      const end = text.indexOf("\n\n");
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      return event;
    },
    cancel: () => stream.cancel(),
  };
}

Deno.test("software takes a command from the stream, claims it, and tells progress and result", async () => {
  const { commands, request, post } = await staged();
  const stream = reader(await request("/v1/commands?client=pilot"));
  strictEqual(await stream.next(), ": attached");
  const id = commands.command({ data: '{"alt":5}' });
  await commands.settled();
  const event = await stream.next();
  match(event, /^event: command\ndata: /);
  const { id: offered, data } = JSON.parse(event.slice(event.indexOf("{")));
  equal([offered, data], [id, { alt: 5 }]);
  const claimed = await post(`/v1/commands/${id}/claim`);
  equal([claimed.status, (await claimed.json()).state], [200, "executing"]);
  strictEqual((await post(`/v1/commands/${id}/progress`, { data: { percent: 10 } })).status, 200);
  const done = await post(`/v1/commands/${id}/result`, { state: "succeeded", data: 5 });
  equal([done.status, await done.json()], [200, { id, state: "succeeded" }]);
  equal(commands.take(), ["1 delivered", "2 executing", "3 executing progress", "4 succeeded"]);
  await stream.cancel();
  strictEqual(commands.desk.status.software, undefined);
});

Deno.test("a second program is refused, until the first has gone", async () => {
  const { commands, request } = await staged();
  const stream = reader(await request("/v1/commands?client=pilot"));
  const refused = await request("/v1/commands");
  equal([refused.status, (await refused.json()).code], [409, "already_attached"]);
  strictEqual(await stream.next(), ": attached");
  await stream.cancel();
  await commands.settled();
  strictEqual((await request("/v1/commands")).status, 200);
  strictEqual(commands.desk.status.software, "software");
});

Deno.test("what is wrong is named, and a command that is not there is not found", async () => {
  const { commands, request, post } = await staged();
  const id = commands.command();
  await commands.settled();
  const codeOf = async (response: Response) => `${response.status} ${(await response.json()).code}`;
  strictEqual(await codeOf(await post(`/v1/commands/${id}/result`, { state: "succeeded" })), "409 wrong_state");
  strictEqual(await codeOf(await post(`/v1/commands/nothing/claim`)), "404 not_found");
  strictEqual(await codeOf(await post(`/v1/commands/${id}/result`, { state: "great" })), "422 bad_query");
  strictEqual(await codeOf(await post(`/v1/commands/${id}/progress`, {})), "422 bad_query");
  const large = { data: "x".repeat(eventDataBytesMax) };
  strictEqual(await codeOf(await post(`/v1/commands/${id}/progress`, large)), "413 too_large");
  strictEqual(await codeOf(await request("/v1/commands?client=a%20b")), "422 bad_query");
  strictEqual(await codeOf(await request("/v1/commands", { method: "PUT" })), "405 method_not_allowed");
  const without = makeStage();
  strictEqual(await codeOf(await without.request("/v1/commands")), "503 unavailable");
});

Deno.test("a quiet stream says now and then that it is there, and ends with the desk", async () => {
  const commands = await new CommandStage().open();
  const stage = makeStage({ desk: commands.desk });
  const stream = reader(await stage.request("/v1/commands"));
  strictEqual(await stream.next(), ": attached");
  await stage.clock.advance(commandPingMs);
  strictEqual(await stream.next(), ": ping");
  await commands.desk.close();
  strictEqual(await stream.next(), "end");
  await stage.clock.advance(commandPingMs);
});
