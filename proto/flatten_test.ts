import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { flatten } from "./flatten.ts";
import { type JsonValue, parseJson } from "./json.ts";
import { arrayLengthMax, fieldsPerFrameMax } from "./limits.ts";

function flat(text: string): [name: string, type: string, value: unknown][] {
  return flatten(parseJson(text)).map(({ name, type, value }) => [name, type, value]);
}

Deno.test("every kind of value becomes the type that the table says", () => {
  deepStrictEqual(
    flat(`{"a":1,"b":-0.5,"c":true,"d":"x","e":null,"f":1e400,"g":9007199254740993,"h":9223372036854775808,
      "i":-9223372036854775808,"j":{},"k":[],"l":[1,null,1e400],"m":[1,"x"],"n":[9007199254740993],"o":[{"p q":[-0]}]}`),
    [
      ["a", "f64", 1],
      ["b", "f64", -0.5],
      ["c", "bool", true],
      ["d", "str", "x"],
      ["e", "null", null],
      ["f", "null", null],
      ["g", "i64", 9007199254740993n],
      ["h", "str", "9223372036854775808"],
      ["i", "i64", -9223372036854775808n],
      ["j", "json", "{}"],
      ["k", "f64s", new Float64Array(0)],
      ["l", "f64s", Float64Array.of(1, NaN, NaN)],
      ["m", "json", '[1,"x"]'],
      ["n", "json", "[9007199254740993]"],
      ["o", "json", '[{"p q":[-0]}]'],
    ],
  );
});

Deno.test("names inside objects are joined by _", () => {
  deepStrictEqual(flat('{"gps":{"fix":{"lat":1,"lon":2}},"z":3}'), [
    ["gps_fix_lat", "f64", 1],
    ["gps_fix_lon", "f64", 2],
    ["z", "f64", 3],
  ]);
  deepStrictEqual(flat("{}"), []);
});

Deno.test("reserved names get a trailing _, also when joining made them", () => {
  const names = flat('{"ts":1,"vehicle":{"id":2},"epoch":3,"seq":4,"class":5,"ts_device":6,"ss_x":7,"Ts":8}').map((
    [name],
  ) => name);
  deepStrictEqual(names, ["ts_", "vehicle_id_", "epoch_", "seq_", "class_", "ts_device_", "ss_x_", "Ts"]);
});

Deno.test("of colliding names the first stays, the others count up past names that are taken", () => {
  const names = flat('{"a":{"b":1},"a_b_2":2,"a_b":3,"ts":4,"ts_":5}').map(([name]) => name);
  deepStrictEqual(names, ["a_b", "a_b_2", "a_b_3", "ts_", "ts__2"]);
});

Deno.test("__proto__ is a field like any other", () => {
  deepStrictEqual(flat('{"__proto__":{"a":1},"constructor":2}'), [["__proto___a", "f64", 1], [
    "constructor",
    "f64",
    2,
  ]]);
});

Deno.test("what breaks a rule is refused with its place", () => {
  const nested = (levels: number) => '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
  const wide = (fields: number) => `{${Array.from({ length: fields }, (_, i) => `"f${i}":1`).join()}}`;
  const long = "n".repeat(60);
  const cases: [string, string, string][] = [
    ["[1]", "bad_frame", ""],
    ["null", "bad_frame", ""],
    ['{"a":{"b c":1}}', "bad_field", "/a/b c"],
    ['{"a/~":1}', "bad_field", "/a~1~0"],
    ['{"":1}', "bad_field", "/"],
    [`{"${"n".repeat(64)}":1}`, "bad_field", `/${"n".repeat(64)}`],
    [`{"${long}":{"${long}":{"abcdefgh":1}}}`, "bad_field", `/${long}/${long}/abcdefgh`],
    [nested(9), "too_deep", "/a".repeat(8)],
    ['{"a":[[[[[[[[1]]]]]]]]}', "too_deep", "/a"],
    [wide(fieldsPerFrameMax + 1), "too_many_fields", ""],
    [`{"a":[${"1,".repeat(arrayLengthMax)}1]}`, "bad_frame", "/a"],
  ];
  for (const [text, code, pointer] of cases) throws(() => flat(text), { name: "Fault", code, pointer }, text);
  equal(flat(nested(8)).length, 1);
  equal(flat('{"a":[[[[[[[1]]]]]]]}').length, 1);
  equal(flat(wide(fieldsPerFrameMax)).length, fieldsPerFrameMax);
});

Deno.test("names of a frame are unique and valid, whatever it holds", () => {
  const key = fc.constantFrom("a", "b", "a_b", "a_2", "ts", "ts_", "vehicle", "id", "A");
  // Four levels of four members: never more fields than a frame may have.
  const shape = { noNullPrototype: true, maxKeys: 4 };
  const tree = fc.letrec<{ node: JsonValue }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.dictionary(key, tie("node"), shape)),
  })).node;
  fc.assert(fc.property(fc.dictionary(key, tree, shape), (data) => {
    const names = flatten(data).map(({ name }) => name);
    equal(new Set(names).size, names.length);
    ok(names.every((name) => /^[A-Za-z_][A-Za-z0-9_]{0,126}$/.test(name)));
  }));
});
