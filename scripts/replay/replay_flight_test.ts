import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { replayFlight, type ReplayOptions, type ReplayProgress } from "./replay_flight.ts";

/** What the agent on stage answers to a post; null cuts the connection. */
type Answer = { status: number; body: unknown } | null;

/** An agent that settles everything at once and counts what it took. */
function serveAgent(options: { answer?: (lines: string[], post: number) => Answer | undefined; gone?: number } = {}) {
  const posts: { lines: string[]; atMs: number }[] = [];
  let seq = 0;
  const take = (lines: string[]) => ({ state: "durable", results: lines.map(() => ({ epoch: "1", seq: ++seq })) });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.method === "GET") {
      const gone = { lost: 0, quarantined: seq === 0 ? 0 : options.gone ?? 0 };
      return Response.json({ vehicle_id: "drone-001", boot: "b", unsettled: [], gone });
    }
    const lines = (await request.text()).split("\n");
    posts.push({ lines, atMs: performance.now() });
    const answer = options.answer?.(lines, posts.length);
    if (answer === null) return new Response(new ReadableStream({ pull: (body) => body.error("killed") }));
    if (answer !== undefined) return Response.json(answer.body, { status: answer.status });
    return Response.json(take(lines));
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, posts, close: () => server.shutdown() };
}

async function withReplay(
  agent: ReturnType<typeof serveAgent>,
  test: (replay: (more?: Partial<ReplayOptions>) => ReturnType<typeof replayFlight>) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile();
  const lines = Array.from({ length: 40 }, (_, n) => JSON.stringify({ ts: String(1e15 + n * 1e7), data: { n } }));
  await Deno.writeTextFile(file, lines.join("\n"));
  try {
    await test((more = {}) => replayFlight({ file, agentUrl: agent.url, speed: "max", patienceMs: 2_000, ...more }));
  } finally {
    await Deno.remove(file);
    await agent.close();
  }
}

Deno.test("a flight is posted in order, counted, and told frame by frame", async () => {
  const agent = serveAgent();
  await withReplay(agent, async (replay) => {
    const told: string[] = [];
    const progress: ReplayProgress[] = [];
    const result = await replay({ onTaken: (line) => told.push(line), onProgress: (one) => progress.push(one) });
    deepStrictEqual([result.total, result.taken, result.committed, result.refused], [40, 40, 40, []]);
    deepStrictEqual(told, agent.posts.flatMap(({ lines }) => lines));
    deepStrictEqual(told.map((line) => JSON.parse(line).data.n), Array.from({ length: 40 }, (_, n) => n));
    deepStrictEqual(progress.at(-1), { total: 40, taken: 40, committed: 40 });
  });
});

Deno.test("an answer that breaks off, and an agent that is not ready, are asked again", async () => {
  const answers: Answer[] = [null, { status: 503, body: { code: "unavailable" } }];
  const agent = serveAgent({ answer: () => answers.shift() });
  await withReplay(agent, async (replay) => {
    strictEqual((await replay()).taken, 40);
    strictEqual(agent.posts.length, 3);
  });
});

Deno.test("frames that find no room now are sent again, those refused for good are told", async () => {
  const agent = serveAgent({
    answer: (lines, post) => {
      if (post > 1) return undefined;
      const results = lines.map((_, at) => ({ error: { status: at === 3 ? 422 : 507, code: "c", detail: `d${at}` } }));
      return { status: 507, body: { code: "ring_full", results } };
    },
  });
  await withReplay(agent, async (replay) => {
    const result = await replay();
    deepStrictEqual([result.total, result.taken, result.refused], [40, 39, ["c: d3"]]);
    strictEqual(agent.posts[1].lines.length, 39);
  });
});

Deno.test("an agent that never has room is given up", async () => {
  const results = Array.from({ length: 40 }, () => ({ error: { status: 507, code: "ring_full", detail: "" } }));
  const agent = serveAgent({ answer: () => ({ status: 507, body: { results } }) });
  await withReplay(agent, async (replay) => {
    await rejects(replay({ patienceMs: 200 }), /the agent takes no more/);
  });
});

Deno.test("what was settled without being stored is not called committed", async () => {
  await withReplay(serveAgent({ gone: 4 }), async (replay) => {
    const { taken, committed } = await replay();
    deepStrictEqual([taken, committed], [40, 36]);
  });
});

Deno.test("at real speed no frame is posted before its time", async () => {
  const agent = serveAgent();
  await withReplay(agent, async (replay) => {
    const beganAtMs = performance.now();
    strictEqual((await replay({ speed: "real" })).taken, 40);
    ok(agent.posts.length >= 4);
    for (const { lines, atMs } of agent.posts) {
      const dueMs = 10 * JSON.parse(lines[lines.length - 1]).data.n;
      ok(atMs - beganAtMs >= dueMs - 2, `${atMs - beganAtMs} of ${dueMs}`);
    }
  });
});

Deno.test("another vehicle's agent is refused", async () => {
  await withReplay(serveAgent(), async (replay) => {
    await rejects(replay({ vehicle: "drone-002" }), /"drone-001", wanted "drone-002"/);
  });
});
