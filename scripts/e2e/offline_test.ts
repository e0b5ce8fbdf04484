/** A vehicle without a link: everything is durable on board, arrives when the relay comes up, and the ledger says so. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { waitFor } from "../servers/wait.ts";
import { runDark } from "../soak/dark_round.ts";
import type { FlightPlan } from "../soak/flight_data.ts";
import { withDarkSystem } from "./dark_system.ts";
import type { TestSystem } from "./harness.ts";

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
    const { expected } = await waitFor("the ledger to say that all is stored", async () => {
      const line = await ledgerLine(system);
      return line !== undefined && line.missing.length === 0 && line.expected > frames ? line : undefined;
    }, { timeoutMs: 60_000 });
    deepStrictEqual((await ledgerLine(system))?.stored, [{ first: 1, last: expected }]);
  });
});

interface LedgerLine {
  readonly class: string;
  readonly expected: number;
  readonly stored: readonly { first: number; last: number }[];
  readonly missing: readonly unknown[];
}

async function ledgerLine(system: TestSystem): Promise<LedgerLine | undefined> {
  const view = await system.query(`/v1/vehicles/${system.layout.vehicles[0]}/ledger`) as unknown as {
    readonly epochs: readonly { readonly epoch: string; readonly classes: readonly LedgerLine[] }[];
  };
  return view.epochs.at(-1)?.classes.find(({ class: name }) => name === "normal");
}
