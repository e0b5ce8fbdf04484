import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { encodeFrame, FrameDecoder, frameKinds } from "./frame.ts";
import { readFrames } from "./lane_reader.ts";
import { linkFrameBytesMax } from "./limits.ts";
import type { Link } from "./ports.ts";
import { VirtualClock } from "./testing/clock.ts";
import { linkPair } from "./testing/link.ts";
import { seededRandom } from "./testing/random.ts";

function openPair() {
  return linkPair({ clock: new VirtualClock(), random: seededRandom(1) });
}

/** A link that detaches what it is given to read into, as QUIC's readers do, and notes the lengths. */
function detaching(link: Link, lengths: number[]): Link {
  return {
    peer: link.peer,
    transport: link.transport,
    ended: link.ended,
    write: (lane, bytes) => link.write(lane, bytes),
    close: (end) => link.close(end),
    read: (lane, into) => {
      lengths.push(into.byteLength);
      ok(into.buffer instanceof ArrayBuffer);
      return link.read(lane, new Uint8Array(into.buffer.transfer(), 0, lengths.at(-1)));
    },
  };
}

Deno.test("frames come in order, and the end of the link is the end of reading", async () => {
  const { vehicle, relay } = openPair();
  const seen: number[] = [];
  let bytes = 0;
  const reading = readFrames(relay, "live", {
    decoder: new FrameDecoder(),
    handleFrame: ({ payload }) => void seen.push(payload[0]),
    handleBytes: (count) => bytes += count,
  });
  for (let i = 0; i < 5; i++) {
    await vehicle.write("live", encodeFrame(frameKinds.batch, { lane: "live", payload: new Uint8Array([i]) }));
  }
  vehicle.close({ code: 0, reason: "" });
  await reading;
  deepStrictEqual(seen, [0, 1, 2, 3, 4]);
  strictEqual(bytes, 5 * 9);
});

Deno.test("a handler that takes its time holds reading back and keeps its frame", async () => {
  const { vehicle, relay } = openPair();
  const order: string[] = [];
  const reading = readFrames(relay, "live", {
    decoder: new FrameDecoder(),
    handleFrame: async ({ payload }) => {
      const [before] = payload;
      order.push(`in ${before}`);
      await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
      strictEqual(payload[0], before);
      order.push(`out ${before}`);
    },
  });
  for (const i of [1, 2]) {
    await vehicle.write("live", encodeFrame(frameKinds.batch, { lane: "live", payload: new Uint8Array([i]) }));
  }
  vehicle.close({ code: 0, reason: "" });
  await reading;
  deepStrictEqual(order, ["in 1", "out 1", "in 2", "out 2"]);
});

Deno.test("the buffer is small while little comes, large after a full read, and small again", async () => {
  const { vehicle, relay } = openPair();
  const lengths: number[] = [];
  const sizes: number[] = [];
  const reading = readFrames(detaching(relay, lengths), "backfill", {
    decoder: new FrameDecoder(linkFrameBytesMax),
    handleFrame: ({ payload }) => void sizes.push(payload.byteLength),
  });
  for (const size of [10, 200_000, 10, 10]) {
    await vehicle.write("backfill", encodeFrame(frameKinds.batch, { lane: "backfill", payload: new Uint8Array(size) }));
  }
  vehicle.close({ code: 0, reason: "" });
  await reading;
  deepStrictEqual(sizes, [10, 200_000, 10, 10]);
  strictEqual(lengths[0], 1024);
  strictEqual(Math.max(...lengths), 64 * 1024);
  strictEqual(lengths.at(-1), 1024);
  ok(lengths.length < 15, `${lengths.length} reads`);
});

Deno.test("a frame of another lane and an open end reading with a code", async () => {
  for (const [kind, lane] of [[frameKinds.ping, "live"], [frameKinds.open, "control"]] as const) {
    const { vehicle, relay } = openPair();
    const reading = readFrames(relay, "control", { decoder: new FrameDecoder(), handleFrame: () => {} });
    const told = rejects(reading, { code: "unexpected_frame" });
    await vehicle.write("control", encodeFrame(kind, { lane }));
    await told;
  }
});

Deno.test("what a handler throws comes out", async () => {
  const { vehicle, relay } = openPair();
  const reading = readFrames(relay, "control", {
    decoder: new FrameDecoder(),
    handleFrame: () => {
      throw new RangeError("enough");
    },
  });
  const told = rejects(reading, RangeError);
  await vehicle.write("control", encodeFrame(frameKinds.ping, { lane: "control" }));
  await told;
});
