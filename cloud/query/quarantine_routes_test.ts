import { deepStrictEqual as equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Fault } from "#proto/errors.ts";
import {
  QuarantineAnswerSchema,
  type QuarantineRequest,
  QuarantineRequest_Action as Action,
} from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { parseJson } from "#proto/json.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { authGuard } from "../lib/auth/guard.ts";
import { openSqlite } from "../lib/store/io/sqlite.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Store } from "../lib/store/store.ts";
import { createStore } from "../lib/store/table_store.ts";
import { epoch, startNs, vehicle } from "../lib/store/testing/blocks.ts";
import { createApp } from "./app.ts";
import { createCounts } from "./metrics.ts";
import type { PartitionOwners } from "./owner.ts";

const token = "an-operators-token";
const path = "/v1/vehicles/drone-001/quarantine";
const batches = [new Uint8Array([1, 2, 3]), new Uint8Array([4])];

function entryOf(item: number, change: Partial<QuarantineEntry> = {}): QuarantineEntry {
  return {
    vehicle,
    epoch,
    class: "normal",
    ranges: [{ first: 1, last: 9 }],
    code: "bad_batch",
    reason: "Checksum differs",
    place: { lane: "live", partition: 3, sequence: 7, item },
    relay: parseRelayName("relay-1"),
    receivedAtNs: startNs,
    bytes: batches[item % 2].length,
    state: "kept",
    tries: 0,
    decidedAtNs: 0n,
    ...change,
  };
}

/** The API over two entries of quarantine; the owner answers as it is told, and says what it was asked. */
class Stage {
  readonly store: Store = createStore(openSqlite({ path: ":memory:" }));
  readonly asked: unknown[] = [];
  answer: PartitionOwners["decide"] = () => Promise.reject(new Fault("unavailable", "Cannot ask the owner: no answer"));
  readonly #app = createApp({
    store: this.store,
    owners: {
      decide: (partition, request) => {
        this.asked.push([partition, request.vehicleId, request.entry, request.action]);
        return this.answer(partition, request);
      },
    },
    guard: authGuard({ tokenSha256: createHash("sha256").update(token).digest("hex"), clock: new VirtualClock() }),
    vehicles: { groupsOf: () => [] },
    clock: new VirtualClock(),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    counts: createCounts(),
  });

  async ask(path: string, method = "GET"): Promise<Response> {
    return await this.#app.request(path, { method, headers: { authorization: `Bearer ${token}` } });
  }

  async json(path: string, method = "GET") {
    return await (await this.ask(path, method)).json();
  }

  /** The owner answers so, after it has done this. */
  answers(
    answer: MessageInitShape<typeof QuarantineAnswerSchema>,
    work: (request: QuarantineRequest) => Promise<void>,
  ) {
    this.answer = async (_, request) => {
      await work(request);
      return create(QuarantineAnswerSchema, answer);
    };
  }
}

function scenario(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = new Stage();
    await stage.store.quarantine(batches.map((batch, item) => ({ entry: entryOf(item), batch })));
    try {
      await run(stage);
    } finally {
      await stage.store.close();
    }
  });
}

scenario("quarantine is listed page by page, and an entry shown and downloaded", async (stage) => {
  const first = await stage.json(`${path}?limit=1`);
  equal([first.vehicle_id, first.entries.length, first.next_cursor], ["drone-001", 1, first.entries[0].id]);
  const second = await stage.json(`${path}?limit=1&cursor=${first.next_cursor}`);
  equal([second.entries[0].place.item, second.next_cursor], [1, null]);
  const [{ id }] = second.entries;
  equal(await stage.json(`${path}/${id}`), {
    id,
    epoch: epoch.toString(),
    class: "normal",
    ranges: [{ first: 1, last: 9 }],
    code: "bad_batch",
    reason: "Checksum differs",
    place: { lane: "live", partition: 3, sequence: 7, item: 1 },
    relay: "relay-1",
    received_at: startNs.toString(),
    bytes: 1,
    state: "kept",
    tries: 0,
    decided_at: null,
  });
  const download = await stage.ask(`${path}/${id}/batch`);
  equal(download.headers.get("content-disposition"), `attachment; filename="${id}.batch"`);
  equal(await download.bytes(), batches[1]);
  const wrong = [
    `${path}/nothing`,
    `${path}/nothing/batch`,
    `${path}?cursor=no`,
    `${path}?limit=1001`,
    `${path}?state=lost`,
    `${path}?code=A`,
    `${path}/${id}?x=1`,
  ];
  equal(await Promise.all(wrong.map(async (one) => (await stage.ask(one)).status)), [
    404,
    404,
    422,
    422,
    422,
    422,
    422,
  ]);
});

scenario("quarantine is listed by code and state", async (stage) => {
  const entry = entryOf(2, { code: "unknown_shape", state: "dropped", tries: 3, decidedAtNs: startNs });
  await stage.store.quarantine([{ entry, batch: new Uint8Array(0) }]);
  const items = async (query: string) =>
    (await stage.json(`${path}?${query}`)).entries.map(({ place }: QuarantineEntry) => place.item);
  equal(await items("code=bad_batch"), [0, 1]);
  equal(await items("state=dropped"), [2]);
  equal(await items("state=kept&code=unknown_shape"), []);
  const [dropped] = (await stage.json(`${path}?state=dropped`)).entries;
  equal([dropped.tries, dropped.decided_at], [3, startNs.toString()]);
});

scenario("the fleet's quarantine is counted page by page", async (stage) => {
  await stage.store.quarantine([{ entry: entryOf(0, { vehicle: parseVehicleId("rover-2") }), batch: batches[0] }]);
  const count = (vehicle: string, count: number) => ({ vehicle_id: vehicle, code: "bad_batch", state: "kept", count });
  const first = await stage.json("/v1/quarantine?limit=1");
  equal(first, { counts: [count("drone-001", 2)], next_cursor: "drone-001.bad_batch.kept" });
  const second = await stage.json(`/v1/quarantine?limit=1&cursor=${first.next_cursor}`);
  equal(second, { counts: [count("rover-2", 1)], next_cursor: null });
  for (const cursor of ["x", "a.b.c", "a.b.kept.d", "%20.b.kept", "a.B.kept"]) {
    equal((await stage.ask(`/v1/quarantine?cursor=${cursor}`)).status, 422, cursor);
  }
});

scenario(
  "the owner of the batch's partition is asked to retry and to drop, and the entry shown as it is then",
  async (stage) => {
    const [{ id }] = (await stage.json(path)).entries;
    const become = (change: Partial<QuarantineEntry>) => () => stage.store.quarantine([{ entry: entryOf(0, change) }]);
    stage.answers({}, become({ state: "retried", tries: 1, decidedAtNs: startNs }));
    const retried = await stage.ask(`${path}/${id}/retry`, "POST");
    equal(retried.status, 200);
    equal((await retried.json()).state, "retried");
    stage.answers({}, become({ state: "dropped", decidedAtNs: startNs }));
    equal((await stage.json(`${path}/${id}`, "DELETE")).state, "dropped");
    equal(stage.asked, [[3, "drone-001", id, Action.RETRY], [3, "drone-001", id, Action.DROP]]);
    equal((await stage.ask(`${path}/nothing/retry`, "POST")).status, 404);
    equal(stage.asked.length, 2);
  },
);

scenario("what stands in the way of a retry is shown, with numbers of 64 bits", async (stage) => {
  const [{ id }] = (await stage.json(path)).entries;
  const row = { stream: "telemetry", seq: 2n, ts: startNs, values: '{"a":9007199254740993}' };
  stage.answers(
    { code: "different_body", reason: "Other rows", different: [{ first: 2n, last: 3n }], stored: [row] },
    () => Promise.resolve(),
  );
  const answer = await stage.ask(`${path}/${id}/retry`, "POST");
  equal([answer.status, answer.headers.get("content-type")], [409, "application/problem+json"]);
  const { code, detail, different, stored } = parseJson(await answer.text()) as Record<string, unknown>;
  equal([code, detail, different], ["different_body", "Other rows", [{ first: 2, last: 3 }]]);
  equal(stored, [{ stream: "telemetry", seq: 2, ts: startNs.toString(), values: { a: 9007199254740993n } }]);
});

scenario("a batch that fails again is told with its reason, and an owner that is away as such", async (stage) => {
  const [{ id }] = (await stage.json(path)).entries;
  equal((await stage.ask(`${path}/${id}/retry`, "POST")).status, 503);
  stage.answers({ code: "unknown_shape", reason: "Nobody knows it" }, () => Promise.resolve());
  const problem = await stage.json(`${path}/${id}/retry`, "POST");
  equal([problem.status, problem.code, problem.detail], [422, "unknown_shape", "Nobody knows it"]);
  stage.answers({ code: "no such code", reason: "secret" }, () => Promise.resolve());
  equal((await stage.json(`${path}/${id}`, "DELETE")).code, "internal");
});
