import { equal, match } from "node:assert/strict";
import type { Cell } from "#cloud/lib/store/mapping.ts";
import { differenceOf, shapes, valuesOf } from "./frames.ts";

const shape = shapes[2];

function row(change: Record<string, Cell> = {}, overflow: string | null = null) {
  const values = valuesOf(41, shape);
  const cells = new Map(shape.fields.map(({ name }, at) => [name, values[at] as Cell]));
  for (const [name, cell] of Object.entries(change)) {
    if (cell === null) cells.delete(name);
    else cells.set(name, cell);
  }
  const key = { vehicle: "sim-1", epoch: 1n, class: 2, seq: 1, ts: 1n, atMs: 0 };
  return { ...key, stream: shape.stream, cells, overflow };
}

Deno.test("a row is compared with the frame of its number, field by field", () => {
  equal(differenceOf(row(), shape), undefined);
  match(differenceOf(row({ speed: 1 }), shape) ?? "", /^field "speed" is 1, given as /);
  match(differenceOf(row({ strange: 1 }), shape) ?? "", /field "strange" was never given/);
  match(differenceOf({ ...row(), stream: "imu" }, shape) ?? "", /lies in stream "imu", given to "telemetry"/);
  const stray = valuesOf(41, shape)[2];
  equal(differenceOf(row({ speed: null }, JSON.stringify({ speed: stray })), shape), undefined);
});

Deno.test("every shape has values for every number", () => {
  for (const one of shapes) {
    for (const number of [1, 77, 1_000_000]) equal(valuesOf(number, one).length, one.fields.length);
  }
});
