import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "#proto/json.ts";
import { aheadMaxNs, earliestNs, timestampOf } from "./timestamp.ts";

const nowNs = 1_780_000_000_000_000_000n;

Deno.test("digits are nanoseconds, numbers are milliseconds with fractions", () => {
  strictEqual(timestampOf("1718000000004000001", nowNs).ts, 1718000000004000001n);
  strictEqual(timestampOf(1718000000004.25, nowNs).ts, 1718000000004250000n);
  strictEqual(timestampOf(undefined, nowNs).ts, nowNs);
  strictEqual(timestampOf(null, nowNs).ts, nowNs);
});

Deno.test("every sane time is kept exactly", () => {
  fc.assert(fc.property(fc.bigInt({ min: earliestNs, max: nowNs + aheadMaxNs }), (ts) => {
    deepStrictEqual(timestampOf(ts.toString(), nowNs), { ts, device: undefined });
  }));
});

Deno.test("a time of a wrong clock is replaced and kept as a field", () => {
  for (const wrong of ["0", "-5", (earliestNs - 1n).toString(), (nowNs + aheadMaxNs + 1n).toString()]) {
    deepStrictEqual(timestampOf(wrong, nowNs), {
      ts: nowNs,
      device: { name: "ts_device", type: "i64", value: BigInt(wrong) },
    });
  }
});

Deno.test("what is no time is refused", () => {
  const none: JsonValue[] = [
    "",
    "now",
    "1.5",
    "99999999999999999999",
    1e300,
    true,
    [1],
    {},
    { a: [2n ** 64n] },
    2n ** 64n,
  ];
  for (const wrong of none) {
    throws(() => timestampOf(wrong, nowNs), /Cannot take .* as ts/);
  }
});
