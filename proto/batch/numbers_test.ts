import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { formShift, numberForms } from "./number_forms.ts";
import { NumberReader } from "./number_reader.ts";
import { NumberWriter } from "./number_writer.ts";

const writer = new NumberWriter();

function written(list: readonly number[]): Uint8Array {
  writer.reserve(list.length);
  writer.values.set(list);
  const out = new ByteWriter(1);
  writer.writeAll(out);
  return out.copy();
}

function read(bytes: Uint8Array, count: number): number[] {
  const reader = new ByteReader(bytes, { code: "bad_batch", subject: "test" });
  const into = new Float64Array(count);
  new NumberReader(reader).readAll(into, count);
  reader.end();
  return Array.from(into);
}

Deno.test("any doubles come back bit for bit, a NaN as NaN", () => {
  const double = fc.oneof(fc.double(), fc.integer(), fc.float(), fc.constantFrom(-0, NaN, 5e-324, Infinity));
  fc.assert(
    fc.property(fc.array(double, { minLength: 1, maxLength: 30 }), (list) => {
      deepStrictEqual(read(written(list), list.length), list);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("each kind of column takes the form that suits it", () => {
  const list = (valueOf: (i: number) => number) => Array.from({ length: 100 }, (_, i) => valueOf(i));
  const cases: [string, number[], number, number][] = [
    ["counter", list((i) => i), numberForms.wholes, 103],
    ["wild whole floats", list((i) => Math.fround(1e15 * Math.sin(i))), numberForms.floats, 401],
    ["floats", list((i) => Math.fround(Math.sin(i))), numberForms.floats, 401],
    ["floats with -0", list((i) => i % 2 === 0 ? -0 : 0.5), numberForms.floats, 401],
    ["printed floats", list((i) => Number(Math.fround(Math.sin(i)).toPrecision(9))), numberForms.printed, 401],
    ["degrees", list((i) => (525200066 + i) / 1e7), numberForms.decimals, 110],
    ["doubles", list((i) => Math.sin(i)), numberForms.plain, 801],
  ];
  for (const [name, values, form, bytesMax] of cases) {
    const bytes = written(values);
    equal(bytes[0] >> formShift, form, name);
    ok(bytes.length <= bytesMax, `${name} takes ${bytes.length} bytes`);
    deepStrictEqual(read(bytes, values.length), values, name);
  }
});

Deno.test("a constant is written once", () => {
  for (const value of [0, -0, 32767, 0.1, NaN, Math.PI]) {
    const values = new Array<number>(1000).fill(value);
    const bytes = written(values);
    ok(bytes.length <= 9);
    deepStrictEqual(read(bytes, 1000), values);
  }
  deepStrictEqual(read(written([0, -0]), 2), [0, -0]);
});

Deno.test("64-bit patterns that are no doubles come back, NaN patterns included", () => {
  const pattern = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(-1n, 0x7ff0000000000001n),
  );
  fc.assert(fc.property(fc.array(pattern, { minLength: 1, maxLength: 20 }), fc.boolean(), (list, isConstant) => {
    const values = BigInt64Array.from(isConstant ? list.fill(list[0]) : list);
    writer.reserve(values.length);
    writer.bigints.set(values);
    const head = writer.planBigints();
    const out = new ByteWriter(1);
    writer.write(out, head);
    const into = new BigInt64Array(values.length);
    new NumberReader(new ByteReader(out.copy(), { code: "bad_batch", subject: "test" })).readBigints(head, into);
    deepStrictEqual(into, values);
  }));
});

Deno.test("forms that do not exist are refused", () => {
  for (const head of [5 << formShift, 7 << formShift, 0x40, 0xff]) {
    throws(() => read(Uint8Array.of(head, ...new Uint8Array(20)), 1), { code: "bad_batch", message: /unknown form/ });
  }
  throws(() => read(Uint8Array.of(numberForms.decimals << formShift, 16, 0, 0), 1), {
    code: "bad_batch",
    message: /places/,
  });
});
