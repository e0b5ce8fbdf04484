import { deepStrictEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "./errors.ts";
import { parseStream } from "./ids.ts";
import { shapeFieldsMax } from "./limits.ts";
import { decodeShape, encodeShape, type Field, fieldTypes, growShape, makeShape } from "./shape.ts";

const stream = parseStream("s");
const someFields = fc.uniqueArray(
  fc.record<Field>({ name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,126}$/), type: fc.constantFrom(...fieldTypes) }),
  { maxLength: 20, selector: ({ name, type }) => `${name} ${type}` },
);

Deno.test("a shape is read back from its definition, and has its hash from it alone", () => {
  fc.assert(fc.property(someFields, (fields) => {
    const shape = makeShape(stream, fields);
    deepStrictEqual(decodeShape(encodeShape(shape)), shape);
    ok(/^[0-9a-f]{32}$/.test(shape.hash) && Object.isFrozen(shape) && Object.isFrozen(shape.fields));
  }));
});

Deno.test("name, type, order and stream all make a shape another one", () => {
  const a: Field = { name: "a", type: "f64" };
  const b: Field = { name: "b", type: "f64" };
  const hashes = [
    makeShape(stream, [a, b]),
    makeShape(stream, [b, a]),
    makeShape(stream, [a]),
    makeShape(stream, [{ name: "a", type: "str" }]),
    makeShape(parseStream("t"), [a]),
  ].map(({ hash }) => hash);
  equal(new Set(hashes).size, hashes.length);
  equal(growShape(makeShape(stream, [a]), [b]).hash, hashes[0]);
  notEqual(growShape(makeShape(stream, [b]), [a]).hash, hashes[0]);
});

Deno.test("what breaks a rule of shapes is refused", () => {
  const field = (name: string): Field => ({ name, type: "f64" });
  const many = Array.from({ length: shapeFieldsMax + 1 }, (_, i) => field(`f${i}`));
  const large = Array.from({ length: shapeFieldsMax }, (_, i) => field(`f${i}`.padEnd(100, "x")));
  for (const fields of [[field("")], [field("a b")], [field("a".repeat(128))], [field("a"), field("a")], many, large]) {
    throws(() => makeShape(stream, fields), { name: "Fault", code: "bad_shape" });
  }
});

Deno.test("hostile definitions are refused, or are a shape's one definition", () => {
  const attempt = (bytes: Uint8Array) => {
    try {
      deepStrictEqual(encodeShape(decodeShape(bytes)), bytes);
    } catch (thrown) {
      ok(thrown instanceof Fault && thrown.code === "bad_shape", String(thrown));
    }
  };
  const definition = encodeShape(makeShape(stream, [{ name: "abc", type: "f64" }, { name: "d", type: "json" }]));
  for (let length = 0; length < definition.length; length++) {
    throws(() => decodeShape(definition.subarray(0, length)), { code: "bad_shape" });
  }
  for (let bit = 0; bit < 8 * definition.length; bit++) {
    const flipped = definition.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    attempt(flipped);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), attempt));
  // The same shape, its stream's length spelled in two bytes.
  throws(() => decodeShape(Uint8Array.of(1, 0x81, 0x00, 0x73, 0)), { code: "bad_shape", message: /canonical/ });
});
