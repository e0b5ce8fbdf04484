import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import type { JsonValue } from "#proto/json.ts";
import { Collector } from "./collector.ts";

const nowNs = 1_780_000_000_000_000_000n;

function faultOf(posted: JsonValue): [string, string | undefined] {
  try {
    new Collector().collect(posted, nowNs);
  } catch (error) {
    ok(error instanceof Fault);
    return [error.code, error.pointer];
  }
  throw new Error("it was taken");
}

Deno.test("a bare frame is normal telemetry of now", () => {
  const { class: name, frame } = new Collector().collect({ data: { a: 1 } }, nowNs);
  deepStrictEqual([name, frame.shape.stream, frame.ts, frame.values], ["normal", "telemetry", nowNs, [1]]);
});

Deno.test("frames of one stream share a shape, which grows", () => {
  const collector = new Collector();
  const first = collector.collect({ data: { a: 1 } }, nowNs).frame;
  const second = collector.collect({ data: { a: 2 } }, nowNs).frame;
  const third = collector.collect({ data: { b: "x" } }, nowNs).frame;
  strictEqual(first.shape, second.shape);
  deepStrictEqual(third.shape.fields.map(({ name }) => name), ["a", "b"]);
});

Deno.test("the time of a wrong clock becomes a field of its own", () => {
  const { frame } = new Collector().collect({ ts: "5", data: { a: 1 } }, nowNs);
  strictEqual(frame.ts, nowNs);
  deepStrictEqual(frame.shape.fields[1], { name: "ts_device", type: "i64" });
  strictEqual(frame.values[1], 5n);
});

Deno.test("each fault points into the frame", () => {
  deepStrictEqual(faultOf([]), ["bad_frame", ""]);
  deepStrictEqual(faultOf({}), ["bad_frame", "/data"]);
  deepStrictEqual(faultOf({ data: { "a b": 1 } }), ["bad_field", "/data/a b"]);
  deepStrictEqual(faultOf({ data: {}, stream: "ss_epoch" }), ["bad_stream", "/stream"]);
  deepStrictEqual(faultOf({ data: {}, class: "urgent" }), ["bad_frame", "/class"]);
  deepStrictEqual(faultOf({ data: { text: "x".repeat(50_000) } }), ["too_large", "/data"]);
});

Deno.test("a frame that is refused leaves the shapes as they were", () => {
  const collector = new Collector();
  collector.collect({ data: { a: 1 } }, nowNs);
  throws(() => collector.collect({ data: { a: 1, "b c": 2 } }, nowNs), Fault);
  strictEqual(collector.collect({ data: { a: 1 } }, nowNs).frame.shape.fields.length, 1);
});
