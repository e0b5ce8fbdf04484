import { deepStrictEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { type JsonValue, parseJson, stringifyJson } from "./json.ts";

const someJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, -0),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, min: -1e25, max: 1e25 }),
    fc.bigInt().filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

Deno.test("what was written is parsed back exactly", () => {
  fc.assert(fc.property(someJson, (value) => deepStrictEqual(parseJson(stringifyJson(value)), value)), {
    numRuns: 500,
  });
});

Deno.test("any JSON text of ordinary numbers is parsed as JSON.parse does", () => {
  // Without whole-number literals that may lie beyond 2^53.
  const text = fc.json().filter((json) => !/(?<![0-9.])[0-9]{16,}(?![0-9.eE])/.test(json));
  fc.assert(fc.property(text, (json) => deepStrictEqual(parseJson(json), JSON.parse(json))));
});

Deno.test("whole-number literals beyond 2^53 are bigints, other numbers doubles", () => {
  const cases: [string, JsonValue][] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["18446744073709551616", 18446744073709551616n],
    ["1e17", 1e17],
    ["12345678901234567.0", 12345678901234567.0],
    ["0.12345678901234567", 0.12345678901234567],
    ["1e400", Infinity],
    ["-0", -0],
    ['"12345678901234567890"', "12345678901234567890"],
    ["[1, 99999999999999999999]", [1, 99999999999999999999n]],
  ];
  for (const [text, value] of cases) deepStrictEqual(parseJson(text), value);
});

Deno.test("lone surrogates become U+FFFD, as text and as escape; pairs stay", () => {
  deepStrictEqual(parseJson('["\\ud800", "\ud800x", "\\uD83D\\ude00", "\\udfff\\ud800"]'), [
    "\ufffd",
    "\ufffdx",
    "😀",
    "\ufffd\ufffd",
  ]);
});

Deno.test("of equal keys the last wins, and __proto__ is a key like any other", () => {
  deepStrictEqual(parseJson('{"a":1,"a":2}'), { a: 2 });
  const parsed = parseJson('{"__proto__":{"polluted":99999999999999999999}}');
  deepStrictEqual(Object.keys(parsed as object), ["__proto__"]);
  equal(Object.getPrototypeOf(parsed), Object.prototype);
  equal(stringifyJson(parsed), '{"__proto__":{"polluted":99999999999999999999}}');
});

Deno.test("malformed text is refused with the position of what is wrong", () => {
  const cases: [string, number, string][] = [
    ["", 0, "line 1 column 1"],
    ['{"a":1,}', 7, "line 1 column 8"],
    ['{"a":1,\n"b":xyz}', 12, "line 2 column 5"],
    ["[1,]", 3, "line 1 column 4"],
    ["[[],[,", 5, "line 1 column 6"],
    ['{"a":"\\"}x", "b":bad}', 17, "line 1 column 18"],
    ['{"a":tru', 8, "line 1 column 9"],
    ["1 2", 2, "line 1 column 3"],
  ];
  for (const [text, position, place] of cases) {
    const message = new RegExp(
      `^Cannot parse JSON at position ${position} \\(${place}\\): \\w[^"]*$|position ${position} `,
    );
    throws(() => parseJson(text), { name: "Fault", code: "malformed_json", message });
  }
});

Deno.test("text that nests without end is refused", () => {
  const deep = "[".repeat(300_000) + "99999999999999999999" + "]".repeat(300_000);
  throws(() => parseJson(deep), { code: "too_deep" });
  throws(() => parseJson("[".repeat(300_000)), { code: "malformed_json" });
});

Deno.test("any text at all is parsed or refused with malformed_json", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), fc.nat(), fc.string({ maxLength: 2 }), (text, at, hit) => {
    const place = text.length === 0 ? 0 : at % text.length;
    const damaged = text.slice(0, place) + hit + text.slice(place + 1);
    try {
      parseJson(damaged);
    } catch (thrown) {
      equal((thrown as { code?: string }).code, "malformed_json");
    }
  }));
});
