/** The main job: real flights at full speed from the agent's API to the query API, complete and exact, on both stores. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { basename } from "node:path";
import type { StoreKind } from "../dev/layout.ts";
import { replayFlight } from "../replay/replay_flight.ts";
import { waitFor } from "../servers/wait.ts";
import { assertSameFrames, flightFiles, readFrames } from "./flights.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

for (const store of ["sqlite", "questdb"] as const satisfies readonly StoreKind[]) {
  Deno.test(`real flights come out of the query API as they went in, on ${store}`, async () => {
    const beganMs = Date.now();
    await withSystem(await freeLayout({ store }), async (system) => {
      for (const file of flightFiles) await flyAndCompare(file, system);
      await followTheGuide(system);
      await accountForAll(system, beganMs);
    });
  });
}

async function flyAndCompare(file: string, system: TestSystem): Promise<void> {
  const result = await replayFlight({ file, agentUrl: system.agentUrl(), vehicle: "drone-001", speed: "max" });
  deepStrictEqual(result.refused, []);
  strictEqual(result.committed, result.total);
  console.log(
    `  ${system.layout.store}, ${basename(file)}: ${result.total} frames durable after ` +
      `${result.secondsTaken.toFixed(2)} s, committed after ${result.seconds.toFixed(2)} s`,
  );
  const frames = await readFrames(file);
  strictEqual(frames.length, result.total);
  const times = frames.map(({ ts }) => BigInt(ts));
  const from = times.reduce((least, ts) => ts < least ? ts : least).toString();
  const to = times.reduce((most, ts) => ts > most ? ts : most).toString();
  for (const [stream, wanted] of Map.groupBy(frames, (frame) => frame.stream)) {
    const rows = await system.rows({ vehicle_id: "drone-001", stream, from, to });
    assertSameFrames(rows, { frames: wanted, what: `${basename(file)} ${stream}` });
  }
}

interface Counts {
  readonly expected: number;
  readonly stored: number;
  readonly complete: boolean;
}

/** The ledger over real links: all of it is stored, a time asked for is narrowed, and the epoch has its evidence. */
async function accountForAll(system: TestSystem, beganMs: number): Promise<void> {
  const ask = async <T>(path: string) => await system.query(path) as unknown as T;
  const path = "/v1/vehicles/drone-001/completeness";
  const { totals } = await waitFor("the ledger to be complete", async () => {
    const view = await ask<{ totals: Counts }>(path);
    return view.totals.complete ? view : undefined;
  }, patience);
  const fleet = await ask<{ totals: Counts & { vehicles: number } }>("/v1/completeness");
  deepStrictEqual([fleet.totals.vehicles, fleet.totals.stored], [1, totals.stored]);
  // Flights of the past: nothing of them lies within the test but what the guide posted, and that within a mark.
  const recent = await ask<{ totals: Counts }>(`${path}?from=${beganMs}`);
  ok(recent.totals.stored >= 1 && recent.totals.stored < totals.stored, `${recent.totals.stored} of ${totals.stored}`);
  await waitFor("a clock offset of the session", async () => {
    const { epochs, forks } = await ask<{ epochs: Record<string, unknown>[]; forks: string[] }>(
      "/v1/vehicles/drone-001/epochs",
    );
    deepStrictEqual([epochs.length, forks, epochs[0].reason, epochs[0].relay], [1, [], "start", "dev"]);
    return epochs[0].session_clock_offset !== null && epochs[0].agent_version !== null ? true : undefined;
  }, patience);
}

/** Verification steps 3, 4 and 5 of the deployment guide. */
async function followTheGuide(system: TestSystem): Promise<void> {
  const health = await fetch(`${system.agentUrl()}/healthz`);
  deepStrictEqual([health.status, await health.text()], [200, "ok"]);
  const post = await fetch(`${system.agentUrl()}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"data":{"test":1,"altitude_m":100.0},"stream":"telemetry"}',
  });
  strictEqual(post.status, 200);
  const { seq, state } = await post.json();
  // A machine that is busy may take longer than the agent waits for its disk.
  ok(state === "durable" || state === "buffered", `answered ${state}`);
  await waitFor("the test frame", async () => {
    const rows = await system.rows({ vehicle_id: "drone-001", stream: "telemetry" }).catch(() => []);
    return rows.some((row) => row.seq === seq && row.test === 1 && row.altitude_m === 100) || undefined;
  }, patience);
  if (system.layout.store === "questdb") {
    const url = `http://127.0.0.1:${system.layout.ports.questDb}/exec?query=SELECT%20*%20FROM%20telemetry%20LIMIT%2010`;
    const { dataset } = await (await fetch(url)).json();
    ok(dataset.length === 1, `QuestDB's own query shows ${dataset.length} rows`);
  }
}
