import { deepStrictEqual as equal } from "node:assert/strict";
import { Posting } from "./posting.ts";

Deno.test("each post is told by its state, its refusal's code or its status, and durable frames are remembered", async () => {
  const answers = [{ state: "durable" }, { code: "disk_full" }, {}];
  const numbers: number[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { data } = await request.json();
    numbers.push(data.n);
    return Response.json(answers[data.n - 1], { status: data.n === 1 ? 200 : 503 });
  });
  const posting = new Posting(`http://127.0.0.1:${server.addr.port}`);
  const phase = await posting.runPhase("calm", { seconds: 0.05, isWell: true });
  equal(phase.answers.map(({ outcome }) => outcome), ["durable", "disk_full", "status 503"]);
  equal([numbers.toSorted(), [...posting.durable]], [[1, 2, 3], [1]]);
});

Deno.test("an agent that is away gives no answer", async () => {
  const { port, close } = (() => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return { port: listener.addr.port, close: () => listener.close() };
  })();
  close();
  const { answers } = await new Posting(`http://127.0.0.1:${port}`).runPhase("gone", { seconds: 0.01, isWell: true });
  equal(answers.map(({ outcome }) => outcome), ["no answer"]);
});
