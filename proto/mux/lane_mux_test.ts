import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Lane } from "../class.ts";
import { lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import { encodeFrame, FrameDecoder, frameKinds } from "../frame.ts";
import {
  laneBufferMs,
  laneWaitingBytesMax,
  laneWindowBytes,
  laneWindowBytesMax,
  linkFrameBytesMaxBeforeLogin,
} from "../limits.ts";
import { LaneMux } from "./lane_mux.ts";
import { encodeClose, encodeFlow } from "./wire.ts";

const KiB = 1024;

/** Bytes of which nobody asks what became. */
function unasked(bytes: Uint8Array): { bytes: Uint8Array; onTaken: () => void } {
  return { bytes, onTaken: () => {} };
}

/** The lanes of the pieces that a mux gives until it has to wait, with their bytes. */
function piecesOf(mux: LaneMux, nowMs = 0): { lane: Lane; bytes: number }[] {
  const decoder = new FrameDecoder();
  const pieces: { lane: Lane; bytes: number }[] = [];
  for (let frame = mux.poll(nowMs); frame !== undefined; frame = mux.poll(nowMs)) {
    ok(frame.byteLength <= linkFrameBytesMaxBeforeLogin);
    decoder.push(frame);
    const { kind, lane, payload } = decoder.next() ?? {};
    if (kind === frameKinds.piece && lane !== undefined) pieces.push({ lane, bytes: payload?.byteLength ?? 0 });
    decoder.next();
  }
  return pieces;
}

interface Step {
  readonly lane: Lane;
  readonly bytes: number;
  /** Where the stream is cut, and how much is read at a time. */
  readonly cut: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  lane: fc.constantFrom(...lanes),
  bytes: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 100_000 })),
  cut: fc.integer({ min: 1, max: 40_000 }),
});

/** Carries what one end gives to the other in chunks; tells whether there was anything. */
function carry(from: LaneMux, to: LaneMux, { cut, nowMs }: { cut: number; nowMs: number }): boolean {
  const frame = from.poll(nowMs);
  if (frame === undefined) return false;
  for (let at = 0; at < frame.byteLength; at += cut) to.handleBytes(frame.slice(at, at + cut), nowMs);
  return true;
}

Deno.test("every lane's bytes come out whole and in order, however the stream is cut and read", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const vehicle = new LaneMux("vehicle", 0);
      const relay = new LaneMux("relay", 0);
      const sent = new Map<Lane, number[]>(lanes.map((lane) => [lane, []]));
      const got = new Map<Lane, number[]>(lanes.map((lane) => [lane, []]));
      let taken = 0;
      let serial = 0;
      const drain = (cut: number, nowMs: number) => {
        let goesOn = true;
        while (goesOn) {
          goesOn = carry(vehicle, relay, { cut, nowMs });
          for (const lane of lanes) {
            const into = new Uint8Array(cut);
            const count = relay.read(lane, into);
            for (const byte of into.subarray(0, count)) got.get(lane)?.push(byte);
            goesOn ||= count > 0;
          }
          goesOn = carry(relay, vehicle, { cut, nowMs }) || goesOn;
        }
      };
      steps.forEach(({ lane, bytes, cut }, i) => {
        const part = Uint8Array.from({ length: bytes }, () => serial++ & 0xff);
        sent.get(lane)?.push(...part);
        vehicle.write(lane, { bytes: part, onTaken: () => taken++ });
        if (i % 2 === 0) drain(cut, i);
      });
      drain(1_000, steps.length);
      for (const lane of lanes) deepStrictEqual(got.get(lane), sent.get(lane), lane);
      strictEqual(taken, steps.length);
    }),
    { numRuns: 60 },
  );
});

Deno.test("any bytes from a stranger give a Fault or nothing, and no more is kept than the windows allow", () => {
  const frame = fc.record({
    kind: fc.constantFrom(...Object.values(frameKinds)),
    lane: fc.constantFrom(...lanes),
    payload: fc.uint8Array({ maxLength: 60 }),
  }).map(({ kind, lane, payload }) => encodeFrame(kind, { lane, payload }));
  fc.assert(
    fc.property(fc.array(fc.oneof(frame, fc.uint8Array({ maxLength: 40 })), { maxLength: 40 }), (chunks) => {
      for (const side of ["relay", "vehicle"] as const) {
        const mux = new LaneMux(side, 0);
        try {
          for (const chunk of chunks) mux.handleBytes(chunk, 0);
        } catch (thrown) {
          ok(thrown instanceof Fault, String(thrown));
        }
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("the highest lane that has something goes first, in pieces of 16 KiB", () => {
  const mux = new LaneMux("vehicle", 0);
  mux.handleBytes(encodeFlow({ arrived: 0, limits: { control: 1e6, command: 1e6, live: 1e6, backfill: 1e6 } }), 0);
  for (const lane of ["backfill", "live", "control", "command"] as const) {
    mux.write(lane, unasked(new Uint8Array(1_000)));
  }
  mux.write("command", unasked(new Uint8Array(40 * KiB)));
  deepStrictEqual(
    piecesOf(mux).map(({ lane, bytes }) => `${lane} ${bytes}`),
    ["command 16376", "command 16376", "command 9208"],
    "and the rest waits for what is under way",
  );
  mux.handleBytes(encodeFlow({ arrived: 41_960, limits: { control: 0, command: 0, live: 0, backfill: 0 } }), 100);
  deepStrictEqual(piecesOf(mux, 100).map(({ lane }) => lane), ["control", "live", "backfill"]);
});

/** A way that carries so many bytes a second, with a buffer without bound in front of it. */
class SlowWay {
  readonly #bytesPerMs: number;
  readonly #frames: { bytes: Uint8Array; arrivesMs: number }[] = [];
  readonly #delayMs: number;
  #freeAtMs = 0;

  constructor({ bytesPerSecond, delayMs }: { bytesPerSecond: number; delayMs: number }) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#delayMs = delayMs;
  }

  send(bytes: Uint8Array, nowMs: number): void {
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + bytes.byteLength / this.#bytesPerMs;
    this.#frames.push({ bytes, arrivesMs: this.#freeAtMs + this.#delayMs });
  }

  arrived(nowMs: number): Uint8Array[] {
    const end = this.#frames.findIndex(({ arrivesMs }) => arrivesMs > nowMs);
    return this.#frames.splice(0, end < 0 ? this.#frames.length : end).map(({ bytes }) => bytes);
  }
}

/** Bulk on one lane over a slow way for a while, then one urgent byte: how fast was the one, and how late the other. */
function urgentBehindBulk(way: { bytesPerSecond: number; delayMs: number }) {
  const ends = { from: new LaneMux("vehicle", 0), to: new LaneMux("relay", 0) };
  const there = new SlowWay(way);
  const back = new SlowWay({ bytesPerSecond: 1e9, delayMs: way.delayMs });
  const [into, bulk] = [new Uint8Array(64 * KiB), new Uint8Array(64 * KiB)];
  let [carried, waiting] = [0, 0];
  const askMs = 10_000;
  for (let nowMs = 0; nowMs < askMs + 5_000; nowMs++) {
    while (waiting < 2) ends.from.write("backfill", { bytes: bulk, onTaken: () => waiting-- }), waiting++;
    for (const bytes of back.arrived(nowMs)) ends.from.handleBytes(bytes, nowMs);
    if (nowMs === askMs) ends.from.write("control", unasked(new Uint8Array(1)));
    for (let frame = ends.from.poll(nowMs); frame !== undefined; frame = ends.from.poll(nowMs)) {
      there.send(frame, nowMs);
    }
    for (const bytes of there.arrived(nowMs)) ends.to.handleBytes(bytes, nowMs);
    const read = ends.to.read("backfill", into);
    if (nowMs >= askMs / 2 && nowMs < askMs) carried += read;
    if (ends.to.read("control", into) > 0) {
      return { carriedPart: carried / 5 / way.bytesPerSecond, lateMs: nowMs - askMs };
    }
    for (let frame = ends.to.poll(nowMs); frame !== undefined; frame = ends.to.poll(nowMs)) back.send(frame, nowMs);
  }
  throw new Error("the urgent byte never came");
}

Deno.test("what is urgent does not wait behind bulk, and bulk still fills the way", () => {
  for (const bytesPerSecond of [60_000, 250_000, 2_000_000]) {
    for (const delayMs of [5, 50, 200]) {
      const { carriedPart, lateMs } = urgentBehindBulk({ bytesPerSecond, delayMs });
      const way = `${bytesPerSecond} B/s, ${delayMs} ms: carried ${carriedPart}, late by ${lateMs} ms`;
      // Beside the way itself and what may be buffered, half a piece and the shortest measure.
      ok(lateMs <= delayMs + laneBufferMs + 200, way);
      ok(carriedPart > 0.85, way);
    }
  }
});

Deno.test("a lane that is not read holds back its sender at 64 KiB; one that is read gets a larger window", () => {
  const vehicle = new LaneMux("vehicle", 0);
  const relay = new LaneMux("relay", 0);
  const pass = (nowMs: number) => {
    while (carry(vehicle, relay, { cut: 64 * KiB, nowMs }) || carry(relay, vehicle, { cut: 1e6, nowMs }));
  };
  for (let i = 0; i < 32; i++) vehicle.write("backfill", unasked(new Uint8Array(64 * KiB)));
  pass(0);
  const into = new Uint8Array(4 * KiB);
  strictEqual(relay.read("live", into), 0);
  let read = 0;
  const large = new Uint8Array(2 * laneWindowBytesMax);
  strictEqual(relay.read("backfill", large), laneWindowBytes);
  for (let ms = 0; ms < 100; ms++) {
    pass(ms);
    read = Math.max(read, relay.read("backfill", large));
  }
  ok(read > 4 * laneWindowBytes, `${read} bytes at once`);
});

Deno.test("more waits for a peer that does not read than may: the write is refused", () => {
  const mux = new LaneMux("relay", 0);
  mux.write("control", unasked(new Uint8Array(laneWaitingBytesMax)));
  throws(() => mux.write("control", unasked(new Uint8Array(1))), { code: "link_dead" });
});

Deno.test("a close follows what waits, and at once when hurried; nothing follows it", () => {
  for (const isHurried of [false, true]) {
    const relay = new LaneMux("relay", 0);
    const vehicle = new LaneMux("vehicle", 0);
    relay.write("control", unasked(new Uint8Array([7])));
    relay.close({ code: 3, reason: "busy" });
    relay.close({ code: 4, reason: "late" });
    if (isHurried) relay.hurry();
    while (carry(relay, vehicle, { cut: 3, nowMs: 0 }));
    deepStrictEqual(vehicle.peerClose, { code: 3, reason: "busy" });
    strictEqual(vehicle.read("control", new Uint8Array(9)), isHurried ? 0 : 1);
    ok(relay.isClosed);
    strictEqual(relay.poll(1), undefined);
  }
});

Deno.test("an end that closes drops what still comes", () => {
  const relay = new LaneMux("relay", 0);
  relay.close({ code: 0, reason: "" });
  for (let i = 0; i < 100; i++) {
    relay.handleBytes(encodeFrame(frameKinds.piece, { lane: "live", payload: new Uint8Array(10_000) }), 0);
  }
  strictEqual(relay.read("live", new Uint8Array(1)), 0);
});

Deno.test("a reason of any length is told within its bound", () => {
  const vehicle = new LaneMux("vehicle", 0);
  vehicle.handleBytes(encodeClose({ code: 1, reason: "é".repeat(1_000) }), 0);
  strictEqual(vehicle.peerClose?.reason, "é".repeat(128));
});

Deno.test("what does not belong on the stream ends the link with a code", () => {
  const piece = (lane: Lane, bytes: number) => encodeFrame(frameKinds.piece, { lane, payload: new Uint8Array(bytes) });
  const give = (side: "relay" | "vehicle", ...chunks: Uint8Array[]) => () => {
    const mux = new LaneMux(side, 0);
    for (const chunk of chunks) mux.handleBytes(chunk, 0);
  };
  throws(give("relay", piece("live", 0)), { code: "unexpected_frame" });
  throws(give("vehicle", piece("live", 1)), { code: "unexpected_frame" });
  throws(give("relay", ...Array.from({ length: 5 }, () => piece("live", 15_000))), { code: "unexpected_frame" });
  throws(give("relay", piece("live", 20_000)), { code: "frame_too_large" });
  throws(give("relay", encodeFrame(frameKinds.hello, { lane: "control" })), { code: "unexpected_frame" });
  throws(give("relay", encodeFrame(frameKinds.flow, { lane: "control", payload: new Uint8Array(39) })), {
    code: "bad_message",
  });
  throws(give("relay", encodeFrame(frameKinds.close, { lane: "control", payload: new Uint8Array(3) })), {
    code: "bad_message",
  });
  throws(give("relay", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")), { code: "frame_too_large" });
});

Deno.test("a piece of one byte takes no more memory than its share", () => {
  const relay = new LaneMux("relay", 0);
  const one = encodeFrame(frameKinds.piece, { lane: "live", payload: new Uint8Array(1) });
  for (let i = 0; i < laneWindowBytes; i++) relay.handleBytes(one, 0);
  throws(() => relay.handleBytes(one, 0), { code: "unexpected_frame" });
});
