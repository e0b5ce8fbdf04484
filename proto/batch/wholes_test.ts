import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { readWholes, wholeMax, WholePlan } from "./wholes.ts";

function written(values: Float64Array): Uint8Array | undefined {
  const plan = new WholePlan();
  if (!plan.make(values, values.length)) return undefined;
  const out = new ByteWriter(1);
  plan.write(out);
  equal(out.length, plan.bytes, "the plan's length is true");
  return out.copy();
}

function read(bytes: Uint8Array, count: number): Float64Array {
  const reader = new ByteReader(bytes, { code: "bad_batch", subject: "test" });
  const into = new Float64Array(count);
  readWholes(reader, { into, count });
  reader.end();
  return into;
}

Deno.test("whole numbers come back exactly, or are refused for a delta that is too large", () => {
  const whole = fc.oneof(
    fc.integer(),
    fc.integer({ min: -50, max: 50 }).map((value) => value * 1000),
    fc.maxSafeInteger().filter((value) => Math.abs(value) <= wholeMax),
    fc.constantFrom(0, wholeMax, -wholeMax),
  );
  fc.assert(
    fc.property(fc.array(whole, { minLength: 1, maxLength: 50 }), (list) => {
      const values = Float64Array.from(list);
      const bytes = written(values);
      if (bytes !== undefined) deepStrictEqual(read(bytes, values.length), values);
      else ok(list.some((value, i) => i > 0 && Math.abs(value - list[i - 1]) > wholeMax));
    }),
    { numRuns: 500 },
  );
});

Deno.test("a clock takes one byte a number: the unit and the steady step are found", () => {
  const clock = Float64Array.from({ length: 100 }, (_, i) => i * 4_000_000 + (i % 3) * 1000);
  ok((written(clock)?.length ?? 0) < 110);
  const steady = Float64Array.from({ length: 100 }, (_, i) => 1710773358714000 + i * 400_000_017);
  ok((written(steady)?.length ?? 0) < 115);
});

Deno.test("an unknown form is refused", () => {
  for (const flags of [0x0a, 0x20, 0x1a, 0xff]) throws(() => read(Uint8Array.of(flags, 0), 1), { code: "bad_batch" });
});
