/** What a QuestDB that fails, stalls or suspends a table may do to the store: nothing that is not told. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { openQuestDb } from "#cloud/lib/store/io/questdb.ts";
import { createReader, createStore } from "#cloud/lib/store/table_store.ts";
import { blockOf, framesOf, type TestData, vehicle } from "#cloud/lib/store/testing/blocks.ts";
import { parseStream } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { freePorts } from "../servers/ports.ts";
import { useQuestDb } from "./questdb_server.ts";

// Only in this mode can a table be suspended by hand.
const { url, exec } = useQuestDb("dev.mode.enabled=true\n");

Deno.test("QuestDB: rows of a suspended table are named and show after its resumption, others show at once", async () => {
  const store = createStore(openQuestDb({ url, clock: systemClock() }));
  await store.write([blockOf("held", framesOf([{ x: 1 }])), blockOf("free", framesOf([{ x: 1 }], 2))]);
  await exec("ALTER TABLE held SUSPEND WAL");
  const write = [blockOf("held", framesOf([{ x: 2 }], 3)), blockOf("free", framesOf([{ x: 2 }], 4))];
  equal(await store.write(write), { suspended: ["held"] });
  const count = async (stream: string) =>
    (await store.rows({ vehicle, stream: parseStream(stream), limit: 9 })).rows.length;
  equal([await count("held"), await count("free")], [1, 2]);
  await exec("ALTER TABLE held RESUME WAL");
  equal(await store.write(write), { suspended: [] });
  equal([await count("held"), await count("free")], [2, 2]);
});

Deno.test("QuestDB: whichever request fails, the repeated write ends whole", async () => {
  const data: TestData[][] = [[{ a: 1 }, { b: "x" }], [{ c: true, a: "stray" }], [{ d: [1] }, { b: 2 ** 60 }]];
  for (let failing = 1; failing <= 14; failing++) {
    const stream = `faults_${failing}`;
    await using proxy = failingProxy(failing);
    const store = createStore(openQuestDb({ url: proxy.url, clock: systemClock() }));
    let seq = 1;
    for (const frames of data) {
      const block = blockOf(stream, framesOf(frames, seq));
      seq += frames.length;
      await store.write([block]).catch(() => store.write([block]));
    }
    const reader = createReader(openQuestDb({ url, clock: systemClock() }));
    const { rows } = await reader.rows({ vehicle, stream: parseStream(stream), limit: 99 });
    const present = rows.map(({ values }) =>
      Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
    );
    equal(present, data.flat(), `request ${failing} of ${proxy.requests()}`);
  }
});

Deno.test("QuestDB: a server that is away is a fault", async () => {
  const store = createStore(openQuestDb({ url: `http://127.0.0.1:${freePorts(1)[0]}`, clock: systemClock() }));
  await rejects(store.check(), { code: "store_failed" });
  await rejects(store.write([blockOf("telemetry", framesOf([{ x: 1 }]))]), { code: "store_failed" });
});

Deno.test("QuestDB: a reader of a table that is not there yet sees no rows, of a column not there yet nulls", async () => {
  const store = createStore(openQuestDb({ url, clock: systemClock() }));
  await store.write([blockOf("partial", framesOf([{ x: 1, y: 2 }])), blockOf("gone", framesOf([{ x: 1 }], 2))]);
  await exec("ALTER TABLE partial DROP COLUMN y");
  await exec("DROP TABLE gone");
  const query = { vehicle, limit: 9 };
  equal((await store.rows({ ...query, stream: parseStream("gone") })).rows, []);
  const [row] = (await store.rows({ ...query, stream: parseStream("partial") })).rows;
  equal(row.values, { x: 1, y: null });
});

/** Passes everything on, but fails the n-th request: before or after it has had its effect. */
function failingProxy(failing: number) {
  let count = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    count++;
    const { pathname, search } = new URL(request.url);
    if (count === failing && failing % 2 === 0) return new Response("fails before", { status: 500 });
    const body = request.method === "POST" ? await request.arrayBuffer() : undefined;
    const answer = await fetch(`${url}${pathname}${search}`, { method: request.method, body });
    const text = await answer.arrayBuffer();
    if (count === failing) return new Response("fails after", { status: 500 });
    return new Response(answer.status === 204 ? null : text, { status: answer.status });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests: () => count,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
