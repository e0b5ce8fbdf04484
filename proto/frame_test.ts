import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { type Lane, lanes } from "./class.ts";
import { encodeFrame, FrameDecoder, type FrameKind, frameKinds, type LinkFrame, moreFollowsFlag } from "./frame.ts";
import { linkFrameBytesMaxBeforeLogin, linkHeaderBytes } from "./limits.ts";

interface Sent {
  kind: FrameKind;
  lane: Lane;
  payload: Uint8Array;
}

const sentFrames = fc.array(fc.record<Sent>({
  kind: fc.constantFrom(...Object.values(frameKinds)),
  lane: fc.constantFrom(...lanes),
  payload: fc.uint8Array({ maxLength: 300 }),
}, { noNullPrototype: true }));

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** Feeds the bytes in chunks of the given lengths, each in a buffer that is spoiled and detached afterwards as a reader's is. */
function decode(bytes: Uint8Array, chunkLengths: readonly number[], decoder = new FrameDecoder()): Sent[] {
  const out: Sent[] = [];
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const chunk = bytes.slice(at, at + chunkLengths[turn % chunkLengths.length]);
    at += chunk.byteLength;
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) out.push(copyOf(frame));
    chunk.fill(0xee);
    chunk.buffer.transfer();
  }
  return out;
}

function copyOf({ kind, lane, payload }: LinkFrame): Sent {
  return { kind, lane, payload: payload.slice() };
}

Deno.test("frames come out as they went in, however the bytes are cut", () => {
  fc.assert(fc.property(sentFrames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
    const bytes = concat(sent.map(({ kind, lane, payload }) => encodeFrame(kind, { lane, payload })));
    deepStrictEqual(decode(bytes, cuts), sent);
  }));
});

Deno.test("frames come out when the bytes are cut at every byte", () => {
  const sent: Sent[] = [
    { kind: frameKinds.ping, lane: "control", payload: new Uint8Array([1, 2, 3]) },
    { kind: frameKinds.open, lane: "live", payload: new Uint8Array(0) },
    { kind: frameKinds.batch, lane: "backfill", payload: new Uint8Array(2000).fill(7) },
    { kind: frameKinds.pong, lane: "control", payload: new Uint8Array([9]) },
  ];
  const bytes = concat(sent.map(({ kind, lane, payload }) => encodeFrame(kind, { lane, payload })));
  deepStrictEqual(decode(bytes, [1]), sent);
  for (let cut = 1; cut < bytes.byteLength; cut++) {
    deepStrictEqual(decode(bytes, [cut, bytes.byteLength]), sent, `cut at ${cut}`);
  }
});

Deno.test("unknown kinds are skipped unless they must be understood", () => {
  const ping = encodeFrame(frameKinds.ping, { lane: "control" });
  const unknown = encodeFrame(frameKinds.ping, { lane: "control", payload: new Uint8Array(9) });
  unknown[4] = 200;
  deepStrictEqual(decode(concat([unknown, ping]), [5]).map(({ kind }) => kind), [frameKinds.ping]);
  unknown[5] = 1;
  throws(() => decode(concat([unknown, ping]), [100]), { code: "unknown_frame_kind" });
});

Deno.test("a lane that does not exist is refused", () => {
  const frame = encodeFrame(frameKinds.ping, { lane: "control" });
  frame[6] = 4;
  throws(() => decode(frame, [8]), { code: "bad_frame_header" });
});

Deno.test("the limit counts header and payload, holds before the payload comes, and can be raised", () => {
  const largest = encodeFrame(frameKinds.batch, {
    lane: "live",
    payload: new Uint8Array(linkFrameBytesMaxBeforeLogin - linkHeaderBytes),
  });
  strictEqual(decode(largest, [1000]).length, 1);
  const larger = encodeFrame(frameKinds.batch, { lane: "live", payload: new Uint8Array(linkFrameBytesMaxBeforeLogin) });
  throws(() => decode(larger.subarray(0, 8), [3]), { code: "frame_too_large" });
  strictEqual(decode(larger, [1000], new FrameDecoder(larger.byteLength)).length, 1);
});

Deno.test("flags travel", () => {
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame(frameKinds.batch, { lane: "live", moreFollows: true }));
  strictEqual(decoder.next()?.flags, moreFollowsFlag);
});

Deno.test("header bytes of version 1 never change", () => {
  const bytes = encodeFrame(frameKinds.batch, {
    lane: "backfill",
    payload: new Uint8Array([0xaa]),
    mustUnderstand: true,
  });
  deepStrictEqual([...bytes], [1, 0, 0, 0, 14, 1, 3, 0, 0xaa]);
});
