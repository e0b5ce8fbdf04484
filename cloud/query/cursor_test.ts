import { deepStrictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { classes } from "#proto/class.ts";
import { parseEpoch, parseStream, parseVehicleId } from "#proto/ids.ts";
import { type CursorScope, decodeCursor, encodeCursor } from "./cursor.ts";

const scope: CursorScope = {
  vehicle: parseVehicleId("drone-001"),
  stream: parseStream("telemetry"),
  order: "ascending",
};
const keys = fc.record({
  ts: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
  epoch: fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(parseEpoch),
  class: fc.constantFrom(...classes),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
}, { noNullPrototype: true });

Deno.test("a cursor gives back the key that it was made of", () => {
  fc.assert(fc.property(keys, (key) => deepStrictEqual(decodeCursor(scope, encodeCursor(scope, key)), key)));
});

Deno.test("a cursor fits no other vehicle, stream or order", () => {
  const [key] = fc.sample(keys, 1);
  const others: CursorScope[] = [
    { ...scope, vehicle: parseVehicleId("drone-002") },
    { ...scope, stream: parseStream("battery") },
    { ...scope, order: "descending" },
  ];
  for (const other of others) throws(() => decodeCursor(other, encodeCursor(scope, key)), { code: "bad_query" });
});

Deno.test("any other text is refused, never misread", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.uint8Array({ minLength: 34, maxLength: 34 }).map(base64url),
  );
  fc.assert(fc.property(texts, (text) => throws(() => decodeCursor(scope, text), { code: "bad_query" })));
  const good = encodeCursor(scope, fc.sample(keys, 1)[0]);
  for (const bad of [`${good}A`, good.slice(1), ` ${good}`, `${good}=`]) {
    throws(() => decodeCursor(scope, bad), { code: "bad_query", pointer: "/cursor" });
  }
});

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url" });
}
