/** A vehicle without a link: everything is durable on board, arrives when the relay comes up, and the ledger says so. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { writeConfigs } from "../dev/configs.ts";
import { keepUnits } from "../dev/keeper.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { type Unit, unitsOf } from "../dev/units.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { freeLayout, questioned } from "./harness.ts";

const frames = 500;

Deno.test("what an unlinked agent takes is durable, arrives once the relay is up, and is accounted for", async () => {
  const layout = await freeLayout({ store: "sqlite" });
  const passwords = await ensureSecrets(layout.state);
  await writeConfigs(layout, passwords);
  const units = unitsOf(layout, { natsServer: await obtainNatsServer(() => {}), passwords });
  const named = (name: string) => units.filter(({ plan }) => plan.name === name);
  const say = () => {};
  const agent = await keepUnits(named("agent-drone-001").map(readyWhenUp), { say });
  const cloud = await keepUnits([...named("hub"), ...named("leaf"), ...named("cloud")], { say });
  const token = await Deno.readTextFile(`${layout.state}/operator.token`);
  const system = questioned(layout, { running: { keeper: cloud, units, token }, said: [] });
  try {
    const { epoch, last } = await postUnlinked(system.agentUrl());
    const relay = await keepUnits(named("relay"), { say });
    try {
      await waitFor("the link", async () => await tryFetch(`${system.agentUrl()}/healthz`), { timeoutMs: 60_000 });
      await waitFor("all rows", async () => {
        const rows = await system.rows({ vehicle_id: "drone-001", stream: "dark" }).catch(() => []);
        return rows.length === frames || undefined;
      }, { timeoutMs: 30_000 });
      const line = await waitFor("the ledger to say so", async () => {
        // Before the owner's first flush the vehicle is not found.
        const view = await system.query("/v1/vehicles/drone-001/completeness").catch(() => undefined) as
          | Completeness
          | undefined;
        const found = view?.epochs.find((one) => one.epoch === epoch)?.classes.find(({ class: name }) =>
          name === "normal"
        );
        return found?.complete ? found : undefined;
      }, { timeoutMs: 20_000 });
      deepStrictEqual([line.expected, line.stored, line.missing_ranges], [last, last, []]);
    } finally {
      await relay.stop();
    }
  } finally {
    await Promise.all([agent.stop(), cloud.stop()]);
    await Deno.remove(layout.state, { recursive: true });
  }
});

interface Completeness {
  readonly epochs: readonly {
    readonly epoch: string;
    readonly classes: readonly {
      readonly class: string;
      readonly expected: number;
      readonly stored: number;
      readonly complete: boolean;
      readonly missing_ranges: readonly unknown[];
    }[];
  }[];
}

/** An agent without a link is not healthy, but it is up. */
function readyWhenUp(unit: Unit): Unit {
  return { ...unit, ready: async () => await tryFetch(`${unit.where}/v1/status`) !== undefined };
}

async function postUnlinked(agentUrl: string): Promise<{ epoch: string; last: number }> {
  const health = await fetch(`${agentUrl}/healthz`);
  strictEqual(health.status, 503);
  match(await health.text(), /not linked/);
  const body = Array.from({ length: frames }, (_, n) => ({ stream: "dark", data: { n } }));
  const response = await fetch(`${agentUrl}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { count, results } = await response.json();
  strictEqual(count, frames);
  ok(results.every((result: { state: string }) => result.state === "durable"));
  return { epoch: results[0].epoch, last: results[frames - 1].seq };
}
