import { strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseTime } from "./time_bound.ts";

Deno.test("times are read as nanoseconds, milliseconds and RFC 3339", () => {
  const known: [string, bigint][] = [
    ["1718000000000000001", 1718000000000000001n],
    ["1718000000000", 1718000000000000000n],
    ["1718000000000.5", 1718000000000500000n],
    ["0", 0n],
    ["2024-06-10T06:13:20Z", 1718000000000000000n],
    ["2024-06-10t06:13:20.000000001z", 1718000000000000001n],
    ["2024-06-10T08:13:20+02:00", 1718000000000000000n],
    ["2024-06-10T08:13:20 02:00", 1718000000000000000n],
    ["2024-06-10T05:43:20.5-00:30", 1718000000500000000n],
    ["2016-12-31T23:59:60Z", 1483228800000000000n],
  ];
  for (const [text, ns] of known) strictEqual(parseTime(text, "from"), ns, text);
});

Deno.test("any moment is read back from its RFC 3339 text", () => {
  fc.assert(fc.property(fc.date({ min: new Date(0), max: new Date("2199-12-31"), noInvalidDate: true }), (date) => {
    strictEqual(parseTime(date.toISOString(), "to"), BigInt(date.getTime()) * 1_000_000n);
  }));
});

Deno.test("what is no time is refused with the parameter's name", () => {
  const bad = [
    "",
    "-1",
    "yesterday",
    "2024-02-30T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-06-10",
    "1e3",
    "' OR 1=1 --",
  ];
  for (const text of [...bad, "2024-06-10T24:00:00Z", "9".repeat(21), "2024-06-10T06:13:20"]) {
    throws(() => parseTime(text, "to"), { code: "bad_query", pointer: "/to" }, text);
  }
});
