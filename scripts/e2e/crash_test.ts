/**
 * kill -9 of each process in turn, each while a real flight is replayed at full speed: at the end nothing that was
 * answered durable is lost, and no row is double.
 */
import { ok, strictEqual } from "node:assert/strict";
import { replayFlight } from "../replay/replay_flight.ts";
import { waitFor } from "../servers/wait.ts";
import { assertSameFrame, flightFiles, parseFrame } from "./flights.ts";
import { type ApiRow, freeLayout, type TestSystem, withSystem } from "./harness.ts";

const victims = ["agent-drone-001", "relay", "leaf", "hub", "cloud"] as const;
const framesMax = 20_000;
/** Part of the replay that is durable when the process is killed. */
const killedAt = 0.25;

Deno.test("kill -9 of agent, relay, leaf, hub and cloud during replays loses nothing and doubles nothing", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const taken = new Map<string, string>();
    for (const victim of victims) await replayAndKill(victim, system, taken);
    strictEqual(taken.size, victims.length * framesMax);
    strictEqual(system.said.filter((line) => line.includes("SIGKILL")).length, victims.length);
    await assertAllThereOnce(system, taken);
  });
});

async function replayAndKill(victim: string, system: TestSystem, taken: Map<string, string>): Promise<void> {
  const { keeper, units } = system.running;
  const unit = units.find(({ plan }) => plan.name === victim);
  ok(unit !== undefined, `no unit ${victim}`);
  const before = pidOf(system, victim);
  let killed = false;
  const result = await replayFlight({
    file: flightFiles[1],
    framesMax,
    agentUrl: system.agentUrl(),
    speed: "max",
    onTaken: (line, { epoch, seq }) => taken.set(`${epoch}/${seq}`, line),
    onProgress: ({ durable, total }) => {
      if (killed || durable < total * killedAt) return;
      killed = true;
      keeper.signal(victim, "SIGKILL");
    },
  });
  ok(killed, `${victim} was not killed during its replay`);
  strictEqual(result.refused.length, 0);
  strictEqual(result.committed, framesMax);
  await waitFor(
    `${victim} to be back`,
    async () => (pidOf(system, victim) !== before && await unit.ready()) || undefined,
    {
      timeoutMs: 60_000,
    },
  );
}

function pidOf(system: TestSystem, name: string): number | undefined {
  return system.running.keeper.pids().find((child) => child.name === name)?.pid;
}

async function assertAllThereOnce(system: TestSystem, taken: ReadonlyMap<string, string>): Promise<void> {
  const rows = new Map<string, ApiRow>();
  const frames = new Map(Array.from(taken, ([key, line]) => [key, parseFrame(line)]));
  const streams = new Set(Array.from(frames.values(), ({ stream }) => stream));
  for (const stream of streams) {
    for (const row of await system.rows({ vehicle_id: "drone-001", stream })) {
      const key = `${row.epoch}/${row.seq}`;
      ok(!rows.has(key), `${key} is in the store twice`);
      rows.set(key, row);
    }
  }
  for (const [key, frame] of frames) {
    const row = rows.get(key);
    ok(row !== undefined, `${key} was answered durable and is not in the store: ${frame.line.slice(0, 200)}`);
    assertSameFrame(row, frame);
  }
}
