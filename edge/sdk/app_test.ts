import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Class } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { postBytesMax } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import type { AgentStatus } from "../agent.ts";
import type { NewFrame } from "../ring/ring.ts";
import { createSdkApp } from "./app.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const epoch = parseEpoch(77n);
const nowNs = 1_780_000_000_000_000_000n;

const status: AgentStatus = {
  vehicleId: parseVehicleId("drone-001"),
  agentVersion: "0.1.0",
  boot: "00",
  epoch,
  link: {
    state: "linked",
    reason: undefined,
    detail: "",
    node: "localhost",
    relay: "dev",
    ready: true,
    rttMs: 1.5,
    clockOffsetNs: 12n,
    linkedAtMs: 1,
  },
  ring: {
    bytesUsed: 1,
    bytesMax: 2,
    bytesReclaimable: 0,
    segments: 1,
    oldestTs: undefined,
    appendBytesPerSecond: 0,
    coverMs: undefined,
    fault: undefined,
    fill: 0.5,
    hoursOfCover: undefined,
  },
  backlog: { records: 0, bytes: 0 },
  unsettled: [{ epoch, class: "normal", first: 3, records: 2 }],
  window: { live: { bytesUsed: 0, bytesMax: 1 }, backfill: { bytesUsed: 0, bytesMax: 1 } },
  lastAcks: { receivedAtMs: undefined, verdictAtMs: 5 },
  clockOffsetNs: 0n,
};

/** An app over an agent that remembers what it took and refuses the classes named. */
function stage(options: { refuse?: readonly Class[]; linked?: boolean } = {}) {
  const taken: { class: Class; frame: NewFrame }[] = [];
  const counts = new Map<Class, number>();
  const app = createSdkApp({
    log: silent,
    guardOrigin: true,
    agent: {
      nowNs: () => nowNs,
      status: () =>
        options.linked === false
          ? {
            ...status,
            link: { ...status.link, state: "waiting", reason: "unknown_issuer", detail: "no such issuer" },
          }
          : status,
      take: (name, frames) => {
        if (options.refuse?.includes(name)) {
          return Promise.reject(new Fault("ring_full", "Cannot take frames: ring is full"));
        }
        const first = (counts.get(name) ?? 0) + 1;
        counts.set(name, first + frames.length - 1);
        taken.push(...frames.map((frame) => ({ class: name, frame })));
        return Promise.resolve({ epoch, first, last: first + frames.length - 1 });
      },
    },
  });
  const post = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const response = await app.request("http://localhost:7777/v1/log", {
      method: "POST",
      body,
      headers: { host: "localhost:7777", "content-type": "application/json", ...headers },
    });
    return { status: response.status, body: await response.json() };
  };
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    app.request(`http://localhost:7777${path}`, { method, headers: { host: "127.0.0.1:7777", ...headers } });
  return { taken, post, get };
}

Deno.test("the guide's test frame is answered durable", async () => {
  const { post, taken } = stage();
  const answer = await post('{"data":{"test":1,"altitude_m":100.0},"stream":"telemetry"}');
  deepStrictEqual(answer, { status: 200, body: { epoch: "77", seq: 1, state: "durable" } });
  strictEqual(taken[0].frame.ts, nowNs);
  deepStrictEqual(taken[0].frame.shape.fields, [{ name: "test", type: "f64" }, { name: "altitude_m", type: "f64" }]);
});

Deno.test("of many frames the good ones are taken and the faulty ones named by their place", async () => {
  const { post, taken } = stage();
  const { status: code, body } = await post(
    JSON.stringify([{ data: { a: 1 } }, { data: 7 }, { data: { a: 2 }, stream: "No" }, { data: { a: 3 } }]),
  );
  strictEqual(code, 200);
  strictEqual(body.count, 2);
  deepStrictEqual(
    body.results.map((result: { seq?: number; error?: { code: string; pointer: string } }) =>
      result.seq ?? [result.error?.code, result.error?.pointer]
    ),
    [
      1,
      ["bad_frame", "/1/data"],
      ["bad_stream", "/2/stream"],
      2,
    ],
  );
  strictEqual(taken.length, 2);
});

Deno.test("lines are frames of their own, a malformed one spoils no other", async () => {
  const { post } = stage();
  const { status: code, body } = await post('{"data":{"a":1}}\n{"data":\n\n{"data":{"a":2}}', {
    "content-type": "application/x-ndjson",
  });
  strictEqual(code, 200);
  deepStrictEqual(
    body.results.map((result: { seq?: number; error?: { code: string } }) => result.seq ?? result.error?.code),
    [1, "malformed_json", 2],
  );
});

Deno.test("a class that the ring refuses does not cost the others", async () => {
  const { post } = stage({ refuse: ["bulk"] });
  const frames = [{ data: {}, class: "bulk" }, { data: {}, class: "critical" }];
  const { status: code, body } = await post(JSON.stringify(frames));
  strictEqual(code, 200);
  strictEqual(body.results[0].error.code, "ring_full");
  strictEqual(body.results[1].seq, 1);
  strictEqual((await post(JSON.stringify(frames[0]))).status, 507);
});

Deno.test("each fault has its status and code", async () => {
  const { post, taken } = stage();
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

Deno.test("a body over the limit is refused with and without Content-Length", async () => {
  const { post } = stage();
  strictEqual((await post(" ".repeat(postBytesMax + 1))).status, 413);
  strictEqual((await post("[]", { "content-length": String(postBytesMax + 1) })).status, 413);
});

Deno.test("pages and strangers are kept out", async () => {
  const { post, get } = stage();
  const frame = '{"data":{}}';
  strictEqual((await post(frame, { host: "evil.example:7777" })).status, 403);
  strictEqual((await post(frame, { origin: "https://evil.example" })).status, 403);
  strictEqual((await post(frame, { origin: "null" })).status, 403);
  strictEqual((await post(frame, { origin: "http://localhost:8085" })).status, 200);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
    strictEqual((await post(frame, { "content-type": type })).body.code, "unsupported_media_type");
  }
  strictEqual((await get("/healthz", { host: "[::1]:7777" })).status, 200);
  strictEqual((await get("/healthz", { host: "localhost.evil.example" })).status, 403);
});

Deno.test("health is ok when linked, and says why when not", async () => {
  const linked = await stage().get("/healthz");
  deepStrictEqual([linked.status, await linked.text()], [200, "ok"]);
  const not = await stage({ linked: false }).get("/healthz");
  strictEqual(not.status, 503);
  match(await not.text(), /unknown_issuer: no such issuer/);
});

Deno.test("status shows exact numbers as text", async () => {
  const body = await (await stage().get("/v1/status")).json();
  deepStrictEqual([body.vehicle_id, body.epoch, body.clock_offset_ns, body.link], ["drone-001", "77", "12", "linked"]);
  deepStrictEqual(body.unsettled, [{ epoch: "77", class: "normal", first: 3, records: 2 }]);
});

Deno.test("wrong methods and paths are problems", async () => {
  const { get } = stage();
  const wrong = await get("/v1/log");
  deepStrictEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  strictEqual((await get("/healthz", {}, "DELETE")).status, 405);
  strictEqual((await get("/nowhere")).status, 404);
  strictEqual((await (await get("/openapi.json")).json()).openapi, "3.1.0");
});

Deno.test("no body makes the API fail, and what is answered durable was taken", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.array(fc.record({ data: fc.dictionary(fc.string(), fc.jsonValue()), ts: fc.anything() })).map((frames) =>
          JSON.stringify(frames, (_, value) => typeof value === "bigint" ? null : value)
        ),
      ),
      async (body) => {
        const { post, taken } = stage();
        const answer = await post(body);
        ok(answer.status === 200 || (answer.status >= 400 && answer.status < 500), `${answer.status} for ${body}`);
        const durable = answer.body.results?.filter((result: { seq?: number }) => result.seq !== undefined).length ??
          (answer.status === 200 ? 1 : 0);
        strictEqual(taken.length, durable);
      },
    ),
    { numRuns: 300 },
  );
});
