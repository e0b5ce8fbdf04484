import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { Place } from "./account.ts";
import { type SoakFrame, soakFrame } from "./frames.ts";
import { type PosterOptions, postFrames } from "./poster.ts";

const startNs = 9n;
const total = 950;

/** An agent that does with each post what the test says; its ring is a list of frames. */
function scriptedAgent(answer: (frames: readonly SoakFrame[], post: number) => Response | undefined) {
  const ring: SoakFrame[] = [];
  let posts = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const frames = await request.json() as SoakFrame[];
    posts++;
    const scripted = answer(frames, posts);
    if (scripted !== undefined) return scripted;
    const results = frames.map((frame) => ({ epoch: "1", seq: ring.push(frame), state: "durable" }));
    return Response.json({ state: "durable", results });
  });
  return { ring, url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

function refusal(frames: readonly unknown[], status: number): Response {
  const error = { status, code: "disk_full", detail: "" };
  return Response.json({ results: frames.map(() => ({ error })) }, { status });
}

async function post(agentUrl: string, options: Partial<PosterOptions> = {}) {
  const taken: [number, Place][] = [];
  const counts = await postFrames({
    ...{ agentUrl, total, perSecond: 1e6, startNs, signal: AbortSignal.timeout(10_000) },
    onDurable: (place, number) => taken.push([number, place]),
    ...options,
  });
  return { taken: taken.sort(([a], [b]) => a - b), counts };
}

Deno.test("every frame is posted once, and told with the place that it was given", async () => {
  await using agent = scriptedAgent(() => undefined);
  const { taken, counts } = await post(agent.url);
  deepEqual(taken.map(([number]) => number), Array.from({ length: total }, (_, number) => number));
  for (const [number, { class: name, seq }] of taken) {
    deepEqual([agent.ring[seq - 1], name], [soakFrame(number, startNs), soakFrame(number, startNs).class]);
  }
  deepEqual([agent.ring.length, counts], [total, { posts: 10, unanswered: 0, buffered: 0, refused: 0 }]);
});

Deno.test("what was refused for now or had no answer is posted again until it is durable", async () => {
  await using agent = scriptedAgent((frames, post) => {
    if (post <= 3) return refusal(frames, 507);
    return post <= 5 ? new Response("no results", { status: 503 }) : undefined;
  });
  const { taken, counts } = await post(agent.url);
  equal(new Set(taken.map(([number]) => number)).size, total);
  equal(agent.ring.length, total);
  deepEqual([counts.posts, counts.unanswered], [15, 2]);
  ok(counts.refused >= 250, `${counts.refused}`);
});

Deno.test("what was only buffered is counted, neither told nor posted again", async () => {
  await using agent = scriptedAgent((frames, post) => {
    if (post > 1) return undefined;
    const results = frames.map((_, at) => ({ epoch: "1", seq: 1_000 + at, state: "buffered" }));
    return Response.json({ state: "buffered", results });
  });
  const { taken, counts } = await post(agent.url);
  deepEqual([taken.length + counts.buffered, agent.ring.length], [total, taken.length]);
  ok(counts.buffered > 0 && taken.every(([, { seq }]) => seq < 1_000));
});

Deno.test("a frame that is refused for good ends the posting", async () => {
  await using agent = scriptedAgent((frames) => refusal(frames, 422));
  await rejects(post(agent.url), /Cannot post frame \d+: 422 disk_full/);
});

Deno.test("the signal ends the posting to an agent that is away", async () => {
  const { taken, counts } = await post("http://127.0.0.1:1", { signal: AbortSignal.timeout(30) });
  deepEqual(taken, []);
  ok(counts.unanswered > 0 && counts.unanswered === counts.posts);
});
