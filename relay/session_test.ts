import { deepEqual, equal, throws } from "node:assert/strict";
import { FrameDecoder, frameKinds } from "#proto/frame.ts";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { decodeMessage, messageBytes } from "#proto/link_message.ts";
import { batchBytesMax, linkFrameBytesMax, readReportIntervalMs } from "#proto/limits.ts";
import { encodeShape } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { shapeUsesMax } from "./limits.ts";
import { Session } from "./session.ts";
import { testBatch, testShape } from "./testing/vehicle.ts";

const vehicle = parseVehicleId("drone-001");
const epoch = parseEpoch(5n);
const newSession = () =>
  new Session({
    vehicle,
    ...{ boot: "00", linkCounter: 1n, epoch, ancestors: [], challengedAtNs: 0n },
    ...{ secret: new Uint8Array(16), id: new Uint8Array(16) },
    certificate: { issuer: "", serial: "1" },
    notAfterMs: 0,
    agentVersion: "test",
    peer: "memory",
  });
const run = (first: number, last: number) => ({ epoch, class: 2, first, last });

function framesOf(words: readonly Uint8Array[]) {
  return words.map((bytes) => {
    const decoder = new FrameDecoder(linkFrameBytesMax);
    decoder.push(bytes);
    const frame = decoder.next();
    return { kind: frame?.kind, payload: frame?.payload.slice() ?? new Uint8Array(0) };
  });
}

Deno.test("a batch is counted by its header, and one over the limit is refused unread", () => {
  const session = newSession();
  const header = session.handleBatch(testBatch(epoch, { first: 3, last: 12 }), 99n);
  deepEqual([header.first, header.last, session.records, session.lastBatchAtNs], [3, 12, 10, 99n]);
  equal(session.partition, partitionOf(vehicle));
  throws(() => session.handleBatch(new Uint8Array(batchBytesMax * 2), 0n), { code: "bad_batch" });
});

Deno.test("a shape is defined once for both lanes, by definition or because it was told as known", () => {
  const session = newSession();
  const hash = Uint8Array.fromHex(testShape.hash);
  const empty = messageBytes("shapeUse", { hash });
  throws(() => session.handleShapeUse("live", empty), { code: "unknown_shape" });
  const definition = encodeShape(testShape);
  deepEqual(session.handleShapeUse("live", messageBytes("shapeUse", { hash, definition })).definition, definition);
  deepEqual(session.handleShapeUse("backfill", empty), { hash: testShape.hash, definition });
  const told = newSession();
  told.keepKnown(new Map([[testShape.hash, definition]]));
  deepEqual(told.handleShapeUse("live", empty).definition, definition);
});

Deno.test("uses of shapes are bounded", () => {
  const session = newSession();
  session.keepKnown(new Map([[testShape.hash, encodeShape(testShape)]]));
  const use = messageBytes("shapeUse", { hash: Uint8Array.fromHex(testShape.hash) });
  for (let i = 0; i < shapeUsesMax; i++) session.handleShapeUse("live", use);
  throws(() => session.handleShapeUse("live", use), { code: "busy" });
});

Deno.test("what was received and lost is said together, once", () => {
  const session = newSession();
  session.addReceived(run(1, 5), { lane: "live", place: 7 });
  session.addReceived(run(6, 9), { lane: "backfill", place: 8 });
  session.addLost(run(10, 11));
  const words = framesOf(session.pollWords(0));
  deepEqual(words.map(({ kind }) => kind), [frameKinds.received, frameKinds.lost]);
  const { batches } = decodeMessage("received", words[0].payload);
  deepEqual(batches.map(({ first, last, lane, place }) => [first, last, lane, place]), [[1n, 5n, 2, 7n], [
    6n,
    9n,
    3,
    8n,
  ]]);
  deepEqual(session.pollWords(1000), []);
});

Deno.test("what was read is reported at most every 100 ms, and not again when nothing came", () => {
  const session = newSession();
  session.handleRead("live", 100);
  equal(session.pollWords(0).length, 1);
  session.handleRead("backfill", 50);
  deepEqual([session.pollWords(readReportIntervalMs - 1).length, session.hasUnreported], [0, true]);
  const [report] = framesOf(session.pollWords(readReportIntervalMs));
  const { liveBytes, backfillBytes } = decodeMessage("readReport", report.payload);
  deepEqual([liveBytes, backfillBytes, session.hasUnreported], [100n, 50n, false]);
  deepEqual(session.pollWords(10_000), []);
});

Deno.test("places passed are told once", () => {
  const session = newSession();
  equal(session.takePassed({ live: 0n, backfill: 0n }), false);
  equal(session.takePassed({ live: 1n, backfill: 0n }), true);
  equal(session.takePassed({ live: 1n, backfill: 0n }), false);
});
