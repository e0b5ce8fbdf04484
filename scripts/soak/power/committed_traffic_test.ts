import { deepStrictEqual as equal, match } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { CommittedTraffic, type TrafficPorts } from "./committed_traffic.ts";

/** An agent that takes all, and settles what was posted before its last post. */
class Agent {
  readonly lines: { stream: string; data: Record<string, number> }[] = [];
  #settled = 0;
  isGone = false;

  post: TrafficPorts["api"]["post"] = (lines) => {
    if (this.isGone) return Promise.reject(new Error("connection refused"));
    this.#settled = this.lines.length;
    const first = this.lines.length + 1;
    this.lines.push(...lines.map((line) => JSON.parse(line)));
    return Promise.resolve(lines.map((_, at) => ({ epoch: "7", seq: first + at })) as never);
  };

  status: TrafficPorts["api"]["status"] = () =>
    Promise.resolve({ unsettled: [{ epoch: "7", class: "normal", first: this.#settled + 1 }] } as never);
}

async function after(ms: number, act: (traffic: CommittedTraffic, agent: Agent) => void = () => {}) {
  const [agent, clock] = [new Agent(), new VirtualClock()];
  const traffic = new CommittedTraffic({ api: agent, clock }, ["a", "b"]);
  traffic.start();
  await clock.advance(ms);
  act(traffic, agent);
  await clock.advance(ms);
  await clock.run(traffic.stop());
  return { agent, traffic };
}

Deno.test("what has no verdict yet is no promise, all else is, under its number", async () => {
  const { agent, traffic } = await after(1_000);
  const positions = traffic.promises.positions();
  equal(positions.length, traffic.promises.acknowledged);
  // Of the last posts at most two are open.
  equal([0, 15, 30].includes(agent.lines.length - positions.length), true);
  const shown = new Map<string, Map<number, number>>();
  for (const [series, seq] of positions) {
    shown.set(series, (shown.get(series) ?? new Map()).set(seq, agent.lines[seq - 1].data.n));
  }
  traffic.promises.check(shown);
  equal([traffic.promises.lost, traffic.promises.wrong], [[], []]);
  equal([0, 1, agent.lines.length, agent.lines.length + 1].map((n) => traffic.hasPosted(n)), [
    false,
    true,
    true,
    false,
  ]);
});

Deno.test("growth brings a stream, and a field in all streams", async () => {
  const { agent, traffic } = await after(500, (traffic) => traffic.grow(3));
  equal(traffic.streams, ["a", "b", "power_new_3"]);
  const [before, behind] = [agent.lines[0], agent.lines[agent.lines.length - 1]];
  equal([Object.keys(before.data), Object.keys(behind.data)], [["n"], ["n", "field_3"]]);
  equal(new Set(agent.lines.map(({ stream }) => stream)), new Set(["a", "b", "power_new_3"]));
});

Deno.test("an agent that is lost is told as a fault", async () => {
  const { traffic } = await after(500, (_, agent) => agent.isGone = true);
  match(traffic.fault ?? "", /connection refused/);
});
