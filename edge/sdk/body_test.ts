import { rejects, strictEqual } from "node:assert/strict";
import { postBytesMax } from "#proto/limits.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { postBodyTimeoutMs } from "../limits.ts";
import { readBody } from "./body.ts";

const clock = new VirtualClock();
const requestOf = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request("http://localhost/", { method: "POST", body, headers });

/** A body in pieces, without a length in the headers. */
function piecesOf(...pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("a body is put together from its pieces, characters cut in two as well", async () => {
  const bytes = bytesOf("grün");
  strictEqual(await readBody(requestOf(piecesOf(bytes.slice(0, 3), bytes.slice(3))), clock), "grün");
  strictEqual(await readBody(requestOf("whole"), clock), "whole");
  strictEqual(await readBody(requestOf(null), clock), "");
  strictEqual(await readBody(requestOf(piecesOf()), clock), "");
});

Deno.test("a body over the limit is refused with and without Content-Length", async () => {
  const piece = new Uint8Array(64 * 1024).fill(32);
  let given = 0;
  const endless = new ReadableStream({ pull: (controller) => (given++, controller.enqueue(piece)) });
  await rejects(readBody(requestOf(endless), clock), { code: "too_large" });
  strictEqual(given < 2 + postBytesMax / piece.length + 1, true, "it read on");
  await rejects(readBody(requestOf("[]", { "content-length": String(postBytesMax + 1) }), clock), {
    code: "too_large",
  });
  strictEqual((await readBody(requestOf(" ".repeat(postBytesMax)), clock)).length, postBytesMax);
});

Deno.test("a body that does not come is given up in time", async () => {
  const slow = Promise.withResolvers<void>();
  let cancelled = false;
  const stream = new ReadableStream({ pull: () => slow.promise, cancel: () => (cancelled = true, undefined) });
  const reading = readBody(requestOf(stream), clock);
  const refused = rejects(reading, { code: "body_timeout" });
  await clock.advance(postBodyTimeoutMs);
  await refused;
  strictEqual(cancelled, true);
});

Deno.test("a caller that hangs up is no failure of ours", async () => {
  const stream = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  await rejects(readBody(requestOf(stream), clock), { code: "bad_request" });
});

Deno.test("what is packed or no UTF-8 is refused", async () => {
  await rejects(readBody(requestOf("x", { "content-encoding": "gzip" }), clock), { code: "unsupported_media_type" });
  await rejects(readBody(requestOf(new Uint8Array([0x7b, 0xff])), clock), { code: "malformed_json" });
  strictEqual(await readBody(requestOf("x", { "content-encoding": "Identity" }), clock), "x");
});
