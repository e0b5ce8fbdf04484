import { deepStrictEqual as equal, match, strictEqual } from "node:assert/strict";
import { noCounts } from "../lib/completeness/account.ts";
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import { causeOf, type Evidence, explain, fleetChecks } from "./explain.ts";
import { silentMs } from "./limits.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { FleetStage } from "./testing/stage.ts";

const account: VehicleAccount = {
  vehicle: drone,
  heardNs: 1n,
  statement: undefined,
  counts: { ...noCounts, expected: 9, stored: 9 },
  forks: 0,
  waiting: undefined,
};

function explained(stage: FleetStage, known: Pick<Evidence, "account"> = { account }) {
  const nowMs = Number(stage.wallNs / 1_000_000n);
  return explain({ standing: stage.fleet.standing(drone), ...known, nowMs });
}

function causes(stage: FleetStage, known?: Pick<Evidence, "account">): string {
  const found = causeOf(explained(stage, known));
  return found === undefined ? "none" : `${found.check} ${found.state} ${found.cause}`;
}

async function linked(): Promise<FleetStage> {
  const stage = await new FleetStage().begin();
  await stage.register();
  stage.up();
  stage.digest();
  return stage;
}

Deno.test("a vehicle that does well has no cause, and everything was looked at in order", async () => {
  const findings = explained(await linked());
  equal(findings.map(({ check }) => check), [...fleetChecks]);
  equal(findings.map(({ state }) => state), Array(6).fill("good"));
  strictEqual(causeOf(findings), undefined);
});

Deno.test("each trouble is the cause, whatever follows from it", async () => {
  const stage = await linked();
  stage.digest({ quietMs: silentMs });
  strictEqual(causes(stage), "data bad no_data");
  stage.digest({ rttMs: 3_000 });
  strictEqual(causes(stage), "link warning slow_link");
  stage.down("link_dead");
  strictEqual(causes(stage), "link bad link_dead");
  await stage.clock.advance(10);
  stage.refuse("certificate_revoked");
  stage.refuse("certificate_revoked");
  strictEqual(causes(stage), "login bad certificate_revoked");
  match(explained(stage)[2].says, /refused 2 times/);
  await stage.registry.archive(drone, "any");
  strictEqual(explained(stage)[0].cause, "archived");
});

Deno.test("a vehicle that nobody registered, one never seen, and one whose relay is silent", async () => {
  const stage = await new FleetStage().begin();
  strictEqual(causes(stage, { account: undefined }), "login bad never_seen");
  stage.up();
  strictEqual(causes(stage), "registration bad not_registered");
  await stage.register();
  await stage.clock.advance(15_000);
  strictEqual(causes(stage), "link unknown relay_silent");
});

Deno.test("a certificate that ends is a warning, one that has ended the cause", async () => {
  const stage = await linked();
  const notAfterMs = Number(stage.wallNs / 1_000_000n) + 20 * 86_400_000;
  const at = (days: number) =>
    causeOf(explain({ standing: stage.fleet.standing(drone), account, nowMs: notAfterMs - days * 86_400_000 }));
  equal([at(8)?.cause, at(6)?.cause, at(0)?.cause], [undefined, "certificate_ending", "certificate_expired"]);
});

Deno.test("the ledger shows what is missing, kept aside or doubled", async () => {
  const stage = await linked();
  const waiting = { first: "1", sinceNs: stage.wallNs - 61_000_000_000n };
  strictEqual(causes(stage, { account: { ...account, waiting } }), "ledger warning backlog");
  strictEqual(causes(stage, { account: { ...account, waiting: { ...waiting, sinceNs: stage.wallNs } } }), "none");
  strictEqual(causes(stage, { account: { ...account, forks: 1 } }), "ledger warning forks");
  const missing = { ...noCounts.missing, quarantined: 2 };
  strictEqual(
    causes(stage, { account: { ...account, counts: { ...account.counts, missing } } }),
    "ledger warning quarantined",
  );
  const without = [null, undefined].map((none) => causes(stage, { account: none }));
  equal(without, ["ledger unknown ", "ledger unknown "]);
});

Deno.test("advice follows the reason of a link's end", async () => {
  const stage = await linked();
  const advice = new Set<string | undefined>();
  for (const code of ["link_dead", "certificate_revoked", "certificate_expired", "superseded", "draining", ""]) {
    stage.up();
    stage.down(code);
    advice.add(explained(stage)[3].advice);
  }
  strictEqual(advice.size, 5);
});
