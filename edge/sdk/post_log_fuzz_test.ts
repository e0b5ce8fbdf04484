import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { makeStage } from "./testing/stage.ts";

/** JSON texts with what parsers stumble over: integers of any size, lone surrogates, prototypes' names, repeated keys. */
const literal = fc.oneof(
  fc.bigInt().map(String),
  fc.double().map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary" }).map((value) => JSON.stringify(value)),
  fc.constantFrom("null", "true", "1e400", "-0", "9007199254740993", '"\\ud800"', "{}", "[]", '"1718000000000000000"'),
);
const key = fc.oneof(
  fc.constantFrom("data", "ts", "stream", "class", "a", "A", "a_b", "seq", "__proto__", "constructor", "toString", ""),
  fc.string({ unit: "binary" }),
).map((name) => JSON.stringify(name));
const value = fc.letrec<{ any: string; object: string; array: string }>((tie) => ({
  any: fc.oneof({ maxDepth: 12 }, literal, tie("object"), tie("array")),
  object: fc.array(fc.tuple(key, tie("any"))).map((members) => `{${members.map((pair) => pair.join(":")).join(",")}}`),
  array: fc.array(tie("any")).map((items) => `[${items.join(",")}]`),
}));
const frame = fc.tuple(value.object, fc.option(value.any), fc.option(value.any)).map(([data, ts, stream]) =>
  `{"data":${data}${ts === null ? "" : `,"ts":${ts}`}${stream === null ? "" : `,"stream":${stream}`}}`
);
const body = fc.oneof(
  { arbitrary: frame, weight: 3 },
  { arbitrary: fc.array(frame).map((frames) => `[${frames.join(",")}]`), weight: 3 },
  { arbitrary: fc.array(frame).map((frames) => frames.join("\n")), weight: 3 },
  value.any,
  fc.string({ unit: "binary" }),
  fc.tuple(frame, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))),
);

Deno.test("no body makes the API fail, and exactly what is answered durable was taken", async () => {
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom("application/json", "application/x-ndjson"), async (text, type) => {
      const { post, taken, failures } = makeStage();
      const answer = await post(text, { "content-type": type });
      deepStrictEqual(failures, [], text);
      ok(answer.status === 200 || (answer.status >= 400 && answer.status < 500), `${answer.status} for ${text}`);
      const durable = answer.body.results?.filter(({ seq }) => seq !== undefined).length ??
        (answer.status === 200 ? 1 : 0);
      deepStrictEqual([taken.length, answer.status === 200], [durable, durable > 0 || answer.body.count === 0], text);
    }),
    { numRuns: 500 },
  );
});

Deno.test("any bytes are safe", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { post, failures } = makeStage();
      const { status } = await post(bytes);
      ok(status === 200 || (status >= 400 && status < 500));
      deepStrictEqual(failures, []);
    }),
    { numRuns: 200 },
  );
});

Deno.test("what is nested to the bottom of a megabyte is refused, not followed", async () => {
  const { post, failures } = makeStage();
  const half = 500_000;
  const nested = "[".repeat(half) + "]".repeat(half);
  for (
    const text of [
      "[".repeat(2 * half),
      nested,
      `{"data":{"a":${nested}}}`,
      `{"data":{},"ts":${nested}}`,
      `{"data":${'{"a":'.repeat(100_000)}9007199254740993${"}".repeat(100_000)}}`,
    ]
  ) {
    const { status } = await post(text);
    ok(status === 400 || status === 422, `${status} for ${text.slice(0, 30)}`);
  }
  deepStrictEqual(failures, []);
});
