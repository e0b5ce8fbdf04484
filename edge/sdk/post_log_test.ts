import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { framesPerPostMax } from "#proto/limits.ts";
import { type Answer, makeStage } from "./testing/stage.ts";

const lines = { "content-type": "application/x-ndjson" };
const outcomes = ({ results }: Answer) => results?.map(({ seq, error }) => seq ?? [error?.code, error?.pointer]);

Deno.test("of many frames the good ones are taken and the faulty ones named by their place", async () => {
  const { post, taken } = makeStage();
  const { status, body } = await post(
    JSON.stringify([{ data: { a: 1 } }, { data: 7 }, { data: { a: 2 }, stream: "No" }, { data: { a: 3 } }]),
  );
  deepStrictEqual([status, body.state, body.count], [200, "durable", 2]);
  deepStrictEqual(outcomes(body), [1, ["bad_frame", "/1/data"], ["bad_stream", "/2/stream"], 2]);
  deepStrictEqual(taken.map(({ frame }) => frame.values), [[1], [3]]);
});

Deno.test("lines are frames of their own, a malformed one spoils no other", async () => {
  const { post } = makeStage();
  const { status, body } = await post('{"data":{"a":1}}\r\n{"data":\n\n{"data":{"a":2}}\n', lines);
  strictEqual(status, 200);
  deepStrictEqual(outcomes(body), [1, ["malformed_json", "/1"], 2]);
});

Deno.test("the ring is asked once for each class, the most precious first", async () => {
  const { post, calls, taken } = makeStage();
  const names = ["bulk", "normal", "critical", "bulk", "event", "critical"];
  const { body } = await post(JSON.stringify(names.map((name, a) => ({ data: { a }, class: name }))));
  deepStrictEqual(calls, ["critical", "event", "normal", "bulk"]);
  deepStrictEqual(outcomes(body), [1, 1, 1, 2, 1, 2]);
  deepStrictEqual(taken.filter((one) => one.class === "bulk").map(({ frame }) => frame.values), [[0], [3]]);
});

Deno.test("a class that the ring refuses does not cost the others", async () => {
  const { post } = makeStage({ refuse: ["bulk"] });
  const frames = [{ data: {}, class: "bulk" }, { data: {}, class: "critical" }];
  const { status, body } = await post(JSON.stringify(frames));
  deepStrictEqual([status, outcomes(body)], [200, [["ring_full", "/0"], 1]]);
  const single = await post(JSON.stringify(frames[0]));
  deepStrictEqual([single.status, single.body.code], [507, "ring_full"]);
});

Deno.test("what the disk is too slow for is told apart, one by one and for all", async () => {
  const { post } = makeStage({ buffer: ["bulk"] });
  const frames = [{ data: {}, class: "bulk" }, { data: {}, class: "critical" }];
  const { status, body } = await post(JSON.stringify(frames));
  deepStrictEqual([status, body.state, body.count], [200, "buffered", 2]);
  deepStrictEqual(body.results?.map(({ state }) => state), ["buffered", "durable"]);
  deepStrictEqual((await post(JSON.stringify(frames[0]))).body, { epoch: "77", seq: 2, state: "buffered" });
  strictEqual((await post(JSON.stringify([frames[1]]))).body.state, "durable");
});

Deno.test("when none is taken the answer is a problem that names each", async () => {
  const { post } = makeStage({ refuse: ["normal"] });
  const faulty = await post('[{"data":1},{"data":{},"class":"urgent"}]');
  deepStrictEqual([faulty.status, faulty.type, faulty.body.code], [422, "application/problem+json", "bad_frame"]);
  strictEqual(faulty.body.state, undefined);
  deepStrictEqual(outcomes(faulty.body), [["bad_frame", "/0/data"], ["bad_frame", "/1/class"]]);
  const full = await post('[{"data":1},{"data":{}}]');
  deepStrictEqual([full.status, full.body.code], [507, "ring_full"], "a later try may help for some");
  match(full.body.detail ?? "", /None of 2 frames was taken/);
});

Deno.test("nothing in, nothing out", async () => {
  const { post, calls } = makeStage();
  const nothing = { state: "durable", count: 0, results: [] };
  deepStrictEqual((await post("[]")).body, nothing);
  deepStrictEqual((await post("\n\n", lines)).body, nothing);
  deepStrictEqual(calls, []);
});

Deno.test("more frames than a post may have are refused together, before any is looked at", async () => {
  const { post, taken } = makeStage();
  const many = (count: number) => '{"data":{}}\n'.repeat(count);
  const { status, body } = await post(many(framesPerPostMax + 1), lines);
  deepStrictEqual([status, body.code, taken.length], [413, "too_large", 0]);
  strictEqual((await post(`[${"0,".repeat(framesPerPostMax)}0]`)).status, 413);
  strictEqual((await post(many(framesPerPostMax), lines)).body.count, framesPerPostMax);
});

Deno.test("each fault has its status and code", async () => {
  const { post, taken } = makeStage();
  const wide = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, i]));
  const deep = JSON.parse('{"a":'.repeat(9) + "1" + "}".repeat(9));
  const faults: [string, number, string][] = [
    ["{", 400, "malformed_json"],
    ["", 400, "malformed_json"],
    ['{"data":{}} x', 400, "malformed_json"],
    [JSON.stringify({ data: {}, stream: "ss_gap" }), 422, "bad_stream"],
    [JSON.stringify({ data: {}, stream: "A.b" }), 422, "bad_stream"],
    [JSON.stringify({ data: { "a b": 1 } }), 422, "bad_field"],
    [JSON.stringify({ data: wide }), 422, "too_many_fields"],
    [JSON.stringify({ data: deep }), 422, "too_deep"],
    [JSON.stringify({ data: {}, class: "urgent" }), 422, "bad_frame"],
    [JSON.stringify({ data: {}, ts: "soon" }), 422, "bad_frame"],
    [JSON.stringify({ data: {}, colour: 1 }), 422, "bad_frame"],
    [JSON.stringify({ data: { text: "x".repeat(60_000) } }), 413, "too_large"],
    ["7", 422, "bad_frame"],
    ["null", 422, "bad_frame"],
  ];
  for (const [body, code, name] of faults) {
    const answer = await post(body);
    deepStrictEqual([answer.status, answer.body.code], [code, name], body.slice(0, 60));
  }
  strictEqual(taken.length, 0);
});

Deno.test("the widest and deepest frame that may be is taken", async () => {
  const { post } = makeStage();
  const wide = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`f${i}`, i]));
  strictEqual((await post(JSON.stringify({ data: wide, ts: "5" }))).status, 200);
  strictEqual((await post(`{"data":${'{"a":'.repeat(8)}1${"}".repeat(8)}}`)).status, 200);
});

Deno.test("a refusal stays small, however large what was refused", async () => {
  const { post } = makeStage();
  const bodies = [
    { data: {}, ts: "9".repeat(500_000) },
    { data: {}, stream: "x".repeat(500_000) },
    { data: { ["k".repeat(500_000)]: 1 } },
    { data: {}, ["k".repeat(500_000)]: 1 },
  ];
  for (const body of bodies) {
    const answer = await post(JSON.stringify(body));
    ok(answer.status === 422 && JSON.stringify(answer.body).length < 1_000);
  }
});
