import { deepStrictEqual as equal, match, strictEqual } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { eventStream } from "./event_stream.ts";
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

Deno.test("who may not read it any more is told so within a second, and the stream ends", async () => {
  const { stage, id } = await staged();
  let [isRevoked, isEnded] = [false, false];
  const mayStill = () => isRevoked ? Promise.reject(new Fault("unauthorized", "it is revoked")) : Promise.resolve();
  const record = await stage.book.find(id);
  const stream = eventStream(record, { book: stage.book, mayStill, onEnd: () => isEnded = true });
  const events = reader(new Response(stream));
  strictEqual(await events.next(), "sent");
  const next = events.next();
  await stage.clock.advance(5_000);
  isRevoked = true;
  await stage.clock.advance(1_000);
  match(String(await next), /^event: error\ndata: .*"code":"unauthorized"/);
  equal([await events.next(), isEnded], ["end", true]);
});

Deno.test("streams end with the service", async () => {
  const { stage, open } = await staged();
  const events = reader(await open());
  strictEqual(await events.next(), "sent");
  const next = events.next();
  stage.book.close();
  strictEqual(await next, ": ping\n\n");
  strictEqual(await events.next(), "end");
});
