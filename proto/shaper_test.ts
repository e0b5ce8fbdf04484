import { deepStrictEqual, equal, notEqual } from "node:assert/strict";
import { flatten } from "./flatten.ts";
import { parseStream } from "./ids.ts";
import { parseJson } from "./json.ts";
import { shapeFieldsMax, shaperStreamsMax } from "./limits.ts";
import { Shaper } from "./shaper.ts";

const stream = parseStream("s");

function fit(shaper: Shaper, text: string) {
  const { shape, values } = shaper.fit(stream, flatten(parseJson(text)));
  return { shape, fields: shape.fields.map(({ name, type }) => `${name} ${type}`), values };
}

Deno.test("frames of one layout share one shape", () => {
  const shaper = new Shaper();
  const first = fit(shaper, '{"a":1,"b":"x"}');
  const second = fit(shaper, '{"a":2,"b":"y"}');
  const shorter = fit(shaper, '{"a":3}');
  equal(second.shape, first.shape);
  equal(shorter.shape, first.shape);
  deepStrictEqual([first.values, second.values, shorter.values], [[1, "x"], [2, "y"], [3]]);
});

Deno.test("fields in another order find their places, and lacking ones are missing", () => {
  const shaper = new Shaper();
  fit(shaper, '{"a":1,"b":2,"c":3}');
  deepStrictEqual(fit(shaper, '{"c":30,"a":10}').values, [10, undefined, 30]);
});

Deno.test("a shape grows by new fields, and by a new type of a field", () => {
  const shaper = new Shaper();
  const first = fit(shaper, '{"a":1}');
  const grown = fit(shaper, '{"a":"text","b":true}');
  deepStrictEqual(grown.fields, ["a f64", "a str", "b bool"]);
  deepStrictEqual(grown.values, [undefined, "text", true]);
  notEqual(grown.shape.hash, first.shape.hash);
  deepStrictEqual(fit(shaper, '{"a":2}').values, [2]);
});

Deno.test("a null goes to the first type that its field has, and to a type of its own before there is one", () => {
  const shaper = new Shaper();
  deepStrictEqual(fit(shaper, '{"a":null}').fields, ["a null"]);
  deepStrictEqual(fit(shaper, '{"a":1}').fields, ["a null", "a f64"]);
  deepStrictEqual(fit(shaper, '{"b":1,"a":null}').values, [undefined, null, 1]);
  deepStrictEqual(fit(shaper, '{"a":"x","b":null}').values, [undefined, undefined, null, "x"]);
});

Deno.test("a shape that can grow no further is given up for a new one", () => {
  const shaper = new Shaper();
  const frame = (from: number) => `{${Array.from({ length: 200 }, (_, i) => `"f${from + i}":1`).join()}}`;
  const sizes = [0, 200, 400, 600, 800, 1000].map((from) => fit(shaper, frame(from)).fields.length);
  deepStrictEqual(sizes, [200, 400, 600, 800, 1000, 200]);
  equal(shapeFieldsMax, 1024);
});

Deno.test("of too many streams the first is forgotten, and begins again when it comes back", () => {
  const shaper = new Shaper();
  fit(shaper, '{"a":1}');
  fit(shaper, '{"b":1}');
  for (let i = 0; i < shaperStreamsMax; i++) shaper.fit(parseStream(`t${i}`), []);
  deepStrictEqual(fit(shaper, '{"b":1}').fields, ["b f64"]);
});
