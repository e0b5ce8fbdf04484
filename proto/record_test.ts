import { deepStrictEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "./errors.ts";
import { parseStream } from "./ids.ts";
import { decodeRecord, recordBytes } from "./record.ts";
import { makeShape, type Shape } from "./shape.ts";
import { encodeRecord } from "./testing/record.ts";
import { someRecords } from "./testing/records.ts";

Deno.test("any record comes back exactly, and is no larger than recordBytes", () => {
  fc.assert(
    fc.property(someRecords, ([record]) => {
      const bytes = encodeRecord(record, 1);
      deepStrictEqual(decodeRecord(bytes, [makeShape(parseStream("other"), []), record.shape]), record);
      ok(bytes.length <= recordBytes(record));
    }),
    { numRuns: 150 },
  );
});

Deno.test("a shape number beyond the segment's shapes is refused as unknown", () => {
  const shape = makeShape(parseStream("s"), []);
  const bytes = encodeRecord({ seq: 1, ts: 0n, shape, values: [] }, 1);
  throws(() => decodeRecord(bytes, [shape]), { name: "Fault", code: "unknown_shape" });
});

Deno.test("a value of another type than its field's is a broken promise", () => {
  const shape = makeShape(parseStream("s"), [{ name: "a", type: "f64" }]);
  throws(() => encodeRecord({ seq: 1, ts: 0n, shape, values: ["1"] }, 0), { code: "ERR_ASSERTION" });
  throws(() => encodeRecord({ seq: 1, ts: 0n, shape, values: [1, 2] }, 0), { code: "ERR_ASSERTION" });
});

Deno.test("only booleans can be in the state of true, and fields of nulls hold no value", () => {
  const stateAt = 1 + 1 + 8 + 1;
  for (const [type, state] of [["f64", 3], ["str", 3], ["null", 2]] as const) {
    const shape = makeShape(parseStream("s"), [{ name: "a", type }]);
    const bytes = new Uint8Array(stateAt + 9);
    bytes.set(encodeRecord({ seq: 1, ts: 0n, shape, values: [null] }, 0));
    bytes[stateAt] = state;
    throws(() => decodeRecord(bytes, [shape]), { code: "bad_record", message: /said to be true|has nulls only/ });
  }
});

Deno.test("a record that is cut, flipped or random is refused, or gives a record", () => {
  const attempt = (bytes: Uint8Array, shapes: readonly Shape[]) => {
    try {
      decodeRecord(bytes, shapes);
    } catch (thrown) {
      ok(thrown instanceof Fault && (thrown.code === "bad_record" || thrown.code === "unknown_shape"), String(thrown));
    }
  };
  fc.assert(
    fc.property(someRecords, fc.uint8Array({ maxLength: 100 }), ([record], random) => {
      const bytes = encodeRecord(record, 0);
      attempt(random, [record.shape]);
      for (let length = 0; length < bytes.length; length++) {
        throws(() => decodeRecord(bytes.subarray(0, length), [record.shape]), { code: "bad_record" });
      }
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] ^= 1 << (bit & 7);
        attempt(flipped, [record.shape]);
      }
    }),
    { numRuns: 15 },
  );
});
