/** A vehicle without a link: everything is durable on board, arrives when the relay comes up, and the ledger says so. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { waitFor } from "../servers/wait.ts";
import type { LedgerView } from "../soak/account.ts";
import { runDark } from "../soak/dark_round.ts";
import type { FlightPlan } from "../soak/flight_data.ts";
import { withDarkSystem } from "./dark_system.ts";
import type { TestSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const frames = 3_000;
const plan: FlightPlan = { stream: "dark", signals: 20, perSecond: 10, startNs: 1_718_000_000_000_000_000n };

Deno.test("what an unlinked agent takes is durable, arrives once the relay is up, and is accounted for", async () => {
  await withDarkSystem({}, async ({ system, startRelay }) => {
    const health = await fetch(`${system.agentUrl()}/healthz`);
    strictEqual(health.status, 503);
    match(await health.text(), /not linked/);
    const result = await runDark({ system, startRelay }, { plan, frames });
    deepStrictEqual(result.stored, { rows: frames, missing: 0, doubled: 0, changed: 0 });
    strictEqual(result.lost, 0);
    await waitFor("the ledger to say that all is stored", async () => {
      const line = await normalLine(system);
      const isAll = line !== undefined && line.expected > frames && line.stored === line.expected;
      return isAll && line.missing_ranges.length === 0 || undefined;
    }, patience);
  });
});

/** The newest epoch's; none before the owner's first flush. */
async function normalLine(system: TestSystem) {
  const path = `/v1/vehicles/${system.layout.vehicles[0]}/completeness`;
  const view = await system.query(path).catch(() => ({ epochs: [] })) as unknown as LedgerView;
  return view.epochs.at(-1)?.classes.find(({ class: name }) => name === "normal");
}
