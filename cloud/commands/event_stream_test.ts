import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { eventsPingMs, eventStreamsMax } from "./limits.ts";
import { CommandServiceStage } from "./testing/stage.ts";

async function staged() {
  const stage = await new CommandServiceStage().begin();
  await stage.login();
  const { id } = await stage.accept();
  const open = () => stage.ask(`/v1/commands/${id}/events`);
  return { stage, id, open };
}

function reader(response: Response) {
  const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    next: async () => {
      const { value, done } = await stream?.read() ?? { done: true };
      const data = /^event: command\ndata: (.*)\n\n$/.exec(value ?? "")?.[1];
      return done ? "end" : data === undefined ? value : JSON.parse(data).state;
    },
    cancel: () => stream?.cancel(),
  };
}

Deno.test("a command is shown at each change, with pings between, until nothing more can become of it", async () => {
  const { stage, id, open } = await staged();
  const events = reader(await open());
  strictEqual(await events.next(), "sent");
  const pinged = events.next();
  await stage.clock.advance(eventsPingMs);
  strictEqual(await pinged, ": ping\n\n");
  const seen: unknown[] = [];
  for (const [at, state] of (["delivered", "executing", "succeeded"] as const).entries()) {
    const next = events.next();
    await stage.say(id, { number: at + 1, state });
    seen.push(await next);
  }
  equal([...seen, await events.next()], ["delivered", "executing", "succeeded", "end"]);
});

Deno.test("streams are bounded, and one that is left makes room", async () => {
  const { stage, open } = await staged();
  const streams = [];
  for (let i = 0; i < eventStreamsMax; i++) streams.push(reader(await open()));
  strictEqual((await open()).status, 503);
  await streams[0].next();
  await streams[0].cancel();
  await stage.clock.advance(0);
  strictEqual((await open()).status, 200);
});
