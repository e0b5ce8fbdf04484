/** kill -9 of each process in turn while a real flight is replayed: at the end nothing is lost and no row is double. */
import { ok, strictEqual } from "node:assert/strict";
import { replayFlight } from "../replay/replay_flight.ts";
import { waitFor } from "../servers/wait.ts";
import { assertSameFrame, flightFiles, parseFrame } from "./flights.ts";
import { type ApiRow, freeLayout, type TestSystem, withSystem } from "./harness.ts";

const victims = ["agent-drone-001", "relay", "leaf", "hub", "cloud"] as const;

Deno.test("kill -9 of agent, relay, leaf, hub and cloud during a replay loses nothing and doubles nothing", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const [, file] = flightFiles;
    const taken = new Map<string, string>();
    const replaying = replayFlight({
      file,
      agentUrl: system.agentUrl(),
      speed: "max",
      onTaken: (line, { epoch, seq }) => taken.set(`${epoch}/${seq}`, line),
    });
    const [result] = await Promise.all([replaying, killInTurn(system)]);
    strictEqual(result.refused.length, 0);
    strictEqual(result.committed, result.durable);
    strictEqual(taken.size, result.total);
    await assertAllThereOnce(system, taken);
  });
});

/** Kills each process once, the next one when the one before has come back. */
async function killInTurn(system: TestSystem): Promise<void> {
  for (const name of victims) {
    const before = pidOf(system, name);
    system.running.keeper.kill(name);
    const unit = system.running.units.find(({ plan }) => plan.name === name);
    ok(unit !== undefined, `no unit ${name}`);
    await waitFor(`${name} to be back`, async () => {
      const back = pidOf(system, name) !== before && await unit.ready();
      return back || undefined;
    }, { timeoutMs: 60_000 });
  }
  strictEqual(system.said.filter((line) => line.includes("SIGKILL")).length, victims.length);
}

function pidOf(system: TestSystem, name: string): number | undefined {
  return system.running.keeper.pids().find((child) => child.name === name)?.pid;
}

async function assertAllThereOnce(system: TestSystem, taken: ReadonlyMap<string, string>): Promise<void> {
  const rows = new Map<string, ApiRow>();
  const streams = new Set(Array.from(taken.values(), (line) => parseFrame(line).stream));
  for (const stream of streams) {
    for (const row of await system.rows({ vehicle_id: "drone-001", stream })) {
      const key = `${row.epoch}/${row.seq}`;
      ok(!rows.has(key), `${key} is in the store twice`);
      rows.set(key, row);
    }
  }
  for (const [key, line] of taken) {
    const row = rows.get(key);
    ok(row !== undefined, `${key} was answered durable and is not in the store: ${line.slice(0, 200)}`);
    assertSameFrame(row, parseFrame(line));
  }
}
