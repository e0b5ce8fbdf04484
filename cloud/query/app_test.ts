import { deepStrictEqual as equal, fail, match, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { parseJson } from "#proto/json.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { authGuard } from "../lib/auth/guard.ts";
import { accountOf, noCounts } from "../lib/completeness/account.ts";
import { openSqlite } from "../lib/store/io/sqlite.ts";
import type { EpochOpening, LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { Store, StoreReader } from "../lib/store/store.ts";
import { createStore } from "../lib/store/table_store.ts";
import { blockOf, epoch, framesOf, startNs, type TestData, vehicle } from "../lib/store/testing/blocks.ts";
import { createApp } from "./app.ts";
import { answerTimeoutMs, requestsAtOnceMax } from "./limits.ts";
import { createCounts, queryMetrics } from "./metrics.ts";

const token = "an-operators-token";
const tokenSha256 = createHash("sha256").update(token).digest("hex");
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function served(store: StoreReader) {
  const clock = new VirtualClock();
  const counts = createCounts();
  const app = createApp({
    ...{ store, owners: { decide: fail }, vehicles: { groupsOf: () => [] }, clock, log: silent, counts },
    guard: authGuard({ tokenSha256, clock }),
  });
  const get = (path: string, headers: Record<string, string> = {}) =>
    Promise.resolve(app.request(path, { headers: { authorization: `Bearer ${token}`, ...headers } }));
  return { app, clock, counts, get };
}

async function withData(
  data: readonly TestData[],
  run: (get: ReturnType<typeof served>["get"], store: Store) => Promise<void>,
) {
  const store = createStore(openSqlite({ path: ":memory:" }));
  try {
    await store.write([blockOf("telemetry", framesOf(data))]);
    await run(served(store).get, store);
  } finally {
    await store.close();
  }
}

const data: TestData[] = [
  { altitude_m: 100, big: 9007199254740993n, ok: true, name: 'say "hi", please', at: [1, null], none: null },
  { altitude_m: -0, name: "", tags: ["a", 1] },
  { altitude_m: 100.5 },
];

Deno.test("rows come as JSON with exact numbers and every field that the stream ever had", async () => {
  await withData(data, async (get) => {
    const answer = await get("/v1/telemetry?vehicle_id=drone-001");
    equal([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
    const { rows, next_cursor } = parseJson(await answer.text()) as { rows: TestData[]; next_cursor: null };
    equal(next_cursor, null);
    equal(rows[0], {
      ts: "1718000000001000000",
      vehicle_id: "drone-001",
      epoch: epoch.toString(),
      class: "normal",
      seq: 1,
      ...data[0],
      tags: null,
    });
    ok(Object.is(rows[1].altitude_m, -0));
    equal(rows[1].tags, ["a", 1]);
    equal(Object.keys(rows[2]), Object.keys(rows[0]));
  });
});

Deno.test("rows come as lines and as CSV when asked for", async () => {
  await withData(data, async (get) => {
    const path = "/v1/telemetry?vehicle_id=drone-001&fields=name,at,altitude_m,ok&limit=2";
    const lines = await get(path, { accept: "application/x-ndjson" });
    equal((await lines.text()).trimEnd().split("\n").map((line) => JSON.parse(line).seq), [1, 2]);
    match(lines.headers.get("x-next-cursor") ?? "", /^[A-Za-z0-9_-]+$/);
    const csv = await get(path, { accept: "text/csv" });
    equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    equal((await csv.text()).split("\r\n"), [
      "ts,vehicle_id,epoch,class,seq,name,at,altitude_m,ok",
      `1718000000001000000,drone-001,${epoch},normal,1,"say ""hi"", please","[1,null]",100,true`,
      `1718000000002000000,drone-001,${epoch},normal,2,"",,-0,`,
      "",
    ]);
  });
});

Deno.test("cursors lead through all rows in either order, between the times asked for", async () => {
  await withData(Array.from({ length: 25 }, (_, x) => ({ x })), async (get) => {
    for (const order of ["asc", "desc"]) {
      const seen: number[] = [];
      const between = `from=${startNs + 3_000_000n}&to=2024-06-10T06:13:20.020Z`;
      for (let cursor: string | null = ""; cursor !== null;) {
        const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
        const path = `/v1/telemetry?vehicle_id=drone-001&limit=4&order=${order}&${between}${more}`;
        const page: { rows: { seq: number }[]; next_cursor: string | null } = await (await get(path)).json();
        seen.push(...page.rows.map(({ seq }) => seq));
        cursor = page.next_cursor;
      }
      const wanted = Array.from({ length: 18 }, (_, at) => at + 3);
      equal(seen, order === "asc" ? wanted : wanted.reverse());
    }
  });
});

Deno.test("fields that are called like a member of every row get another name", async () => {
  await withData([], async (get, store) => {
    const fields = [{ name: "ts", type: "f64", value: 1 }, { name: "ts_", type: "f64", value: 2 }] as const;
    await store.write([blockOf("odd", [{ seq: 1, ts: startNs, fields }])]);
    const { rows } = await (await get("/v1/telemetry?vehicle_id=drone-001&stream=odd")).json();
    equal([rows[0].ts, rows[0].ts_, rows[0].ts__], [startNs.toString(), 2, 1]);
    const csv = await get("/v1/telemetry?vehicle_id=drone-001&stream=odd", { accept: "text/csv" });
    match(await csv.text(), /^ts,vehicle_id,epoch,class,seq,ts__,ts_\r\n/);
  });
});

Deno.test("streams and newest rows are told", async () => {
  await withData(data, async (get) => {
    const { streams } = await (await get("/v1/streams")).json();
    equal(streams[0].fields[0], { field: "altitude_m", type: "f64", overflowed: 0 });
    const latest = await (await get("/v1/vehicles/drone-001/latest")).json();
    equal([latest.vehicle_id, latest.streams[0].stream, latest.streams[0].row.seq], ["drone-001", "telemetry", 3]);
  });
});

Deno.test("a question without a valid token gets a problem, health does not need one", async () => {
  await withData([], async (get) => {
    for (const path of ["/v1/streams", "/v1/telemetry?vehicle_id=x", "/v1/nothing"]) {
      const answer = await get(path, { authorization: "Bearer wrong" });
      equal([answer.status, answer.headers.get("content-type")], [401, "application/problem+json"]);
    }
    for (const path of ["/healthz", "/readyz", "/openapi.json"]) {
      equal((await get(path, { authorization: "" })).status, 200);
    }
  });
});

Deno.test("what is wrong with a question is said with a pointer", async () => {
  await withData(data, async (get) => {
    const faults: [string, number, string, string | undefined][] = [
      ["", 422, "bad_query", "/vehicle_id"],
      ["vehicle_id=a.b", 422, "bad_query", "/vehicle_id"],
      ["vehicle_id=a&vehicle_id=b", 422, "bad_query", "/vehicle_id"],
      ["vehicle_id=a&stream=A", 422, "bad_query", "/stream"],
      ["vehicle_id=a&limit=0", 422, "bad_query", "/limit"],
      ["vehicle_id=a&limit=10001", 422, "bad_query", "/limit"],
      ["vehicle_id=a&limit=1e2", 422, "bad_query", "/limit"],
      ["vehicle_id=a&order=up", 422, "bad_query", "/order"],
      ["vehicle_id=a&from=then", 422, "bad_query", "/from"],
      ["vehicle_id=a&cursor=abc", 422, "bad_query", "/cursor"],
      ["vehicle_id=a&fields=never", 422, "bad_query", "/fields"],
      ["vehicle_id=a&fields=", 422, "bad_query", "/fields"],
      ["vehicle_id=a&streem=x", 422, "bad_query", ""],
      ["vehicle_id=a&stream=never", 404, "not_found", "/stream"],
    ];
    for (const [query, status, code, pointer] of faults) {
      const answer = await get(`/v1/telemetry?${query}`);
      const problem = await answer.json();
      equal([answer.status, problem.code, problem.pointer], [status, code, pointer], query);
    }
    equal((await get("/v1/vehicles/a.b/latest")).status, 422);
    equal((await get("/v1/nothing")).status, 404);
  });
});

Deno.test("whatever stands in the parameters, the answer is never a server's fault and the data stay", async () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "' OR '1'='1",
      `"; DROP TABLE telemetry; --`,
      "x'||(SELECT 1)||'",
      "../../etc/passwd",
      "%00",
      "1;2",
    ),
  );
  const names = fc.constantFrom("vehicle_id", "stream", "fields", "from", "to", "order", "limit", "cursor", "other");
  await withData(data, async (get) => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, hostile, { maxKeys: 4, noNullPrototype: true }), async (parameters) => {
        const query = new URLSearchParams({ vehicle_id: "drone-001", ...parameters });
        const answer = await get(`/v1/telemetry?${query}`);
        ok(answer.status < 500, `${answer.status} for ${query}: ${await answer.text()}`);
        const id = encodeURIComponent(parameters.vehicle_id ?? "x");
        for (const page of ["latest", "completeness", "epochs"]) {
          ok((await get(`/v1/vehicles/${id}/${page}`)).status < 500);
        }
      }),
      { numRuns: 80 },
    );
    equal((await (await get("/v1/telemetry?vehicle_id=drone-001")).json()).rows.length, data.length);
  });
});

/** Epoch 7 with a hole that is on board, and epoch 9 that goes on from it; the account says that it spoke last. */
async function saveLedgerOf(store: Store): Promise<void> {
  const line: LedgerEntry = {
    ...{ vehicle, epoch, class: "normal", sinceNs: 1n, expected: 5, committed: [{ first: 1, last: 3 }] },
    ...{ quarantined: [], inFlight: [], onBoard: [{ first: 4, last: 4 }], onBoardTo: 5, gaps: [] },
    marks: [{ first: 1, last: 3, fromMs: 1_718_000_000_000, toMs: 1_718_000_000_003 }],
  };
  const opening: EpochOpening = {
    ...{ previous: epoch, lasts: { critical: 1, event: 0, normal: 5, bulk: 0 }, reason: "start", boot: "aa" },
    ...{ clockSynchronized: true, clockOffsetNs: -5n, openedAtNs: startNs + 1_000_000_000n, receivedAtNs: startNs },
    ...{ relay: parseRelayName("relay-1"), session: "0a" },
  };
  const next: LedgerEntry = {
    ...{ ...line, epoch: parseEpoch("9"), class: "critical", sinceNs: 2n, expected: 1, onBoard: [], onBoardTo: 1 },
    ...{ committed: [{ first: 1, last: 1 }], marks: [], opening },
  };
  const statement = {
    atNs: 3n,
    relay: parseRelayName("relay-1"),
    session: "0a",
    epochs: [epoch, next.epoch],
    isCut: false,
  };
  const lines = [line, next];
  const parts = { lines, statement, heardNs: 4n, before: undefined, nowNs: 5n };
  await store.saveLedger(lines, [accountOf(vehicle, parts)]);
}

Deno.test("completeness is told of all and of a time, and of a vehicle never heard it is not", async () => {
  await withData([], async (get, store) => {
    await saveLedgerOf(store);
    const view = await (await get("/v1/vehicles/drone-001/completeness")).json();
    const { expected, stored, complete, missing } = view.totals;
    equal([expected, stored, complete, missing.still_on_board, missing.unknown], [6, 4, false, 1, 1]);
    equal([view.last_heard, view.stated, view.forks], ["4", { at: "3", relay: "relay-1", session: "0a" }, 0]);
    equal(view.epochs[0].classes[0].missing_ranges, [
      { first: 4, last: 4, cause: "still_on_board" },
      { first: 5, last: 5, cause: "unknown" },
    ]);
    const early = await (await get("/v1/vehicles/drone-001/completeness?to=2024-06-10T06:13:19Z")).json();
    equal([early.totals.expected, early.epochs], [0, []]);
    const behind = await (await get("/v1/vehicles/drone-001/completeness?from=1718000000500")).json();
    equal(behind.epochs[0].classes[0].seqs, [{ first: 4, last: 5 }]);
    equal(behind.from, "1718000000500000000");
    const wrong = ["never-seen/completeness", "drone-001/completeness?from=then", "drone-001/completeness?form=1"];
    equal(await statusesOf(get, wrong.map((one) => `/v1/vehicles/${one}`)), [404, 422, 422]);
  });
});

Deno.test("the chain of epochs is told page by page, newest first", async () => {
  await withData([], async (get, store) => {
    await saveLedgerOf(store);
    const first = await (await get("/v1/vehicles/drone-001/epochs?limit=1")).json();
    equal([first.next_cursor, first.forks], ["9", []]);
    const { epoch: newest, previous, clock_offset_ns, reaches, on_board } = first.epochs[0];
    equal([newest, previous, clock_offset_ns, on_board], ["9", epoch.toString(), "-5", true]);
    equal(reaches, { critical: { expected: 1, stored: 1 } });
    const second = await (await get(`/v1/vehicles/drone-001/epochs?limit=1&cursor=${first.next_cursor}`)).json();
    equal([second.epochs[0].epoch, second.epochs[0].opened_at, second.next_cursor], [epoch.toString(), null, null]);
    const wrong = [
      "never-seen/epochs",
      "drone-001/epochs?cursor=8",
      "drone-001/epochs?cursor=x",
      "drone-001/epochs?limit=0",
    ];
    equal(await statusesOf(get, wrong.map((one) => `/v1/vehicles/${one}`)), [404, 422, 422, 422]);
  });
});

Deno.test("the fleet is told page by page, with totals of all in the first", async () => {
  await withData([], async (get, store) => {
    await saveLedgerOf(store);
    const complete = { ...noCounts, expected: 10, stored: 10 };
    const base = { heardNs: 9n, statement: undefined, counts: complete, forks: 0, waiting: undefined };
    await store.saveLedger([], ["drone-002", "drone-003"].map((id) => ({ ...base, vehicle: parseVehicleId(id) })));
    const first = await (await get("/v1/completeness?limit=2")).json();
    const { vehicles, vehicles_complete, expected, stored, missing } = first.totals;
    equal([vehicles, vehicles_complete, expected, stored, missing.unknown], [3, 2, 26, 24, 1]);
    equal(first.vehicles.map((one: { vehicle_id: string; state: string }) => [one.vehicle_id, one.state]), [
      ["drone-001", "arriving"],
      ["drone-002", "complete"],
    ]);
    const second = await (await get(`/v1/completeness?limit=2&cursor=${first.next_cursor}`)).json();
    equal([second.totals, second.vehicles.length, second.next_cursor], [null, 1, null]);
    equal(second.vehicles[0].last_heard, "9");
    equal(await statusesOf(get, ["/v1/completeness?limit=1001", "/v1/completeness?cursor=a.b"]), [422, 422]);
  });
});

async function statusesOf(get: ReturnType<typeof served>["get"], paths: readonly string[]): Promise<number[]> {
  return await Promise.all(paths.map(async (path) => (await get(path)).status));
}

/** A reader that never answers, or always with a fault. */
function stuck(answer: () => Promise<never>): StoreReader {
  return {
    check: answer,
    streams: answer,
    rows: answer,
    latest: answer,
    ledger: answer,
    account: answer,
    accounts: answer,
    quarantined: answer,
    quarantinedOne: answer,
    quarantinedBatch: answer,
    quarantineCounts: answer,
    close: () => Promise.resolve(),
  };
}

Deno.test("a store that does not answer in time ends the request, and too many requests are sent away", async () => {
  const { get, clock, counts } = served(stuck(() => new Promise(() => {})));
  const waiting = Array.from({ length: requestsAtOnceMax }, () => get("/v1/streams"));
  await clock.advance(answerTimeoutMs - 1);
  const refused = await get("/v1/streams");
  equal([refused.status, (await refused.json()).code], [503, "unavailable"]);
  await clock.advance(1);
  const answers = await Promise.all(waiting);
  equal(new Set(answers.map(({ status }) => status)), new Set([504]));
  match(queryMetrics(counts), /query_answers_total\{status="504"\} 32\n/);
});

Deno.test("a store that fails makes the service not ready, with the reason", async () => {
  const { get } = served(stuck(() => Promise.reject(new Fault("store_failed", "Cannot reach the store: refused"))));
  const ready = await get("/readyz");
  equal([ready.status, (await ready.json()).code], [503, "store_failed"]);
  equal((await get("/healthz")).status, 200);
});

Deno.test("the OpenAPI document names every route with its parameters", async () => {
  await withData([], async (get) => {
    const document = await (await get("/openapi.json")).json();
    equal(Object.keys(document.paths), [
      "/v1/telemetry",
      "/v1/streams",
      "/v1/vehicles/{id}/latest",
      "/v1/vehicles/{id}/completeness",
      "/v1/vehicles/{id}/epochs",
      "/v1/completeness",
      "/v1/vehicles/{id}/quarantine",
      "/v1/quarantine",
      "/v1/vehicles/{id}/quarantine/{entry}",
      "/v1/vehicles/{id}/quarantine/{entry}/batch",
      "/v1/vehicles/{id}/quarantine/{entry}/retry",
    ]);
    const { parameters } = document.paths["/v1/telemetry"].get;
    equal(parameters.map(({ name }: { name: string }) => name), [
      ...["vehicle_id", "stream", "fields", "from", "to", "order", "limit", "cursor"],
    ]);
  });
});
