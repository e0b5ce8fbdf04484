import { deepEqual, equal, throws } from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import { decodeMessage } from "#proto/link_message.ts";
import { encodeShape, type FrameRecord, makeShape, type Shape } from "#proto/shape.ts";
import { frameOf } from "#proto/testing/login.ts";
import { inventoryShapesMax, shapesPerLaneMax } from "../limits.ts";
import { ShapesInUse, ShapeUses } from "./shape_uses.ts";

function shapeOf(name: string): Shape {
  return makeShape(parseStream("telemetry"), [{ name, type: "f64" }]);
}

function recordsOf(...shapes: Shape[]): FrameRecord[] {
  return shapes.map((shape, i) => ({ seq: i + 1, ts: 0n, shape, values: [1] }));
}

/** Definitions as the frames carry them. */
function definitionsOf(frames: readonly Uint8Array[]): string[] {
  return frames.map((frame) => decodeMessage("shapeUse", frameOf(frame).payload).definition.toHex());
}

const a = shapeOf("a");
const b = shapeOf("b");

Deno.test("each lane is told of each shape once, in order of use", () => {
  const uses = new ShapeUses();
  const both = [encodeShape(a).toHex(), encodeShape(b).toHex()];
  deepEqual(definitionsOf(uses.framesFor("live", recordsOf(a, b, a))), both);
  deepEqual(uses.framesFor("live", recordsOf(b, a)), []);
  // Lanes are not in step, so the other one cannot rely on it.
  deepEqual(definitionsOf(uses.framesFor("backfill", recordsOf(b))), [both[1]]);
});

Deno.test("the definition of a shape that the relay knows is left out", () => {
  const uses = new ShapeUses();
  uses.handleKnown([Uint8Array.fromHex(a.hash)]);
  deepEqual(definitionsOf(uses.framesFor("live", recordsOf(a))), [""]);
});

Deno.test("equal shapes from different places are one", () => {
  equal(new ShapeUses().framesFor("live", recordsOf(a, shapeOf("a"))).length, 1);
});

Deno.test("a lane that has had its fill of shapes ends the link", () => {
  const uses = new ShapeUses();
  for (let i = 0; i < shapesPerLaneMax; i++) uses.framesFor("live", recordsOf(shapeOf(`f${i}`)));
  throws(() => uses.framesFor("live", recordsOf(a)), { code: "busy" });
});

Deno.test("the shapes used last are remembered, newest first", () => {
  const inUse = new ShapesInUse();
  for (let i = 0; i <= inventoryShapesMax; i++) inUse.handleUse(`${i}`);
  inUse.handleUse("1");
  equal(inUse.hashes.length, inventoryShapesMax);
  deepEqual([inUse.hashes[0], inUse.hashes.at(-1)], ["1", "2"]);
});
