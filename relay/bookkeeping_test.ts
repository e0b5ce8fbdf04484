import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { FrameDecoder, frameKinds } from "#proto/frame.ts";
import { decodeMessage } from "#proto/link_message.ts";
import { linkFrameBytesMax } from "#proto/limits.ts";
import { heldFrames, resendFrames, verdictFrames } from "./bookkeeping.ts";
import { rangesPerFrameMax } from "./limits.ts";

function framesOf(bytes: readonly Uint8Array[]) {
  return bytes.map((one) => {
    const decoder = new FrameDecoder(linkFrameBytesMax);
    decoder.push(one);
    const frame = decoder.next();
    ok(frame !== undefined);
    return { kind: frame.kind, payload: frame.payload.slice() };
  });
}

const manyRanges = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ first: BigInt(2 ** 52 + i * 2), last: BigInt(2 ** 52 + i * 2) }));

Deno.test("a small answer is one Held with everything in it", () => {
  const committed = [{ epoch: 7n, class: 2, ranges: [{ first: 1n, last: 9n }] }];
  const knownShapes = [new Uint8Array(16).fill(1)];
  const frames = framesOf(
    heldFrames({ committed, quarantined: [], knownShapes, passed: { live: 5n, backfill: 6n }, ledgerAnswered: true }),
  );
  deepEqual(frames.map(({ kind }) => kind), [frameKinds.held]);
  const held = decodeMessage("held", frames[0].payload);
  deepEqual([held.ledgerAnswered, held.passed?.live, held.passed?.backfill], [true, 5n, 6n]);
  deepEqual([held.committed[0].epoch, held.committed[0].ranges[0].last, held.knownShapes[0][0]], [7n, 9n, 1]);
});

Deno.test("a large answer goes as Verdicts that fit, Held last, and no range is lost or doubled", () => {
  const classes = [{ epoch: 1n, class: 0, ranges: manyRanges(rangesPerFrameMax * 2 + 5) }, {
    epoch: 2n,
    class: 1,
    ranges: manyRanges(10),
  }];
  const frames = framesOf(
    heldFrames({ committed: classes, quarantined: classes, knownShapes: [], passed: undefined, ledgerAnswered: true }),
  );
  equal(frames.at(-1)?.kind, frameKinds.held);
  const pieces = frames.map(({ kind, payload }) =>
    decodeMessage(kind === frameKinds.held ? "held" : "verdicts", payload)
  );
  for (const verdict of ["committed", "quarantined"] as const) {
    const seen = pieces.flatMap((piece) => piece[verdict]).filter(({ epoch }) => epoch === 1n).flatMap((one) =>
      one.ranges
    );
    deepEqual(seen.map(({ first }) => first), classes[0].ranges.map(({ first }) => first));
  }
});

Deno.test("places passed come with the last frame of verdicts, whatever the number of ranges", () => {
  fc.assert(
    fc.property(fc.nat(3 * rangesPerFrameMax), (count) => {
      const committed = [{ epoch: 1n, class: 0, ranges: manyRanges(count) }];
      const frames = framesOf(verdictFrames({ committed, quarantined: [] }, { live: 1n, backfill: 0n }));
      const verdicts = frames.map(({ payload }) => decodeMessage("verdicts", payload));
      deepEqual(verdicts.map(({ passed }) => passed !== undefined), verdicts.map((_, i) => i === verdicts.length - 1));
      equal(verdicts.flatMap((one) => one.committed).flatMap((one) => one.ranges).length, count);
    }),
    { numRuns: 20 },
  );
});

Deno.test("ranges wanted again go in frames that fit, all of them, and none for nothing", () => {
  deepEqual(resendFrames([]), []);
  const wanted = [{ epoch: 1n, class: 0, ranges: manyRanges(rangesPerFrameMax + 5) }, {
    epoch: 2n,
    class: 1,
    ranges: manyRanges(3),
  }];
  const frames = framesOf(resendFrames(wanted));
  deepEqual(frames.map(({ kind }) => kind), [frameKinds.resend, frameKinds.resend]);
  const seen = frames.flatMap(({ payload }) => decodeMessage("resend", payload).ranges);
  deepEqual(seen.map(({ epoch, ranges }) => [epoch, ranges.length]), [[1n, rangesPerFrameMax], [1n, 5], [2n, 3]]);
});
