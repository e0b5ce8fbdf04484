import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { noCounts } from "../lib/completeness/account.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { FleetStage } from "./testing/stage.ts";
import { oneVehicleView, vehicleView } from "./view.ts";

Deno.test("what is not known is null, and what is known has units", async () => {
  const stage = await new FleetStage().begin();
  await stage.register();
  const nowMs = Number(stage.wallNs / 1_000_000n);
  const unseen = vehicleView(stage.fleet.standing(drone), nowMs);
  equal(
    [unseen.link, unseen.last_login, unseen.last_end, unseen.last_refusal, unseen.certificate],
    Array(5).fill(null),
  );
  strictEqual(unseen.registered_at, new Date(nowMs).toISOString());
  stage.up();
  stage.digest({ quietMs: null });
  const linked = vehicleView(stage.fleet.standing(drone), nowMs);
  const { link, certificate } = linked;
  equal([link?.rtt_ms, link?.clock_offset_ms, link?.quiet_ms, link?.frames], [20, 5, null, 7]);
  equal(certificate, { not_after: new Date(nowMs + 20 * 86_400_000).toISOString(), days_left: 20 });
  stage.refuse();
  stage.down("busy");
  const { last_end: end, last_refusal: refusal } = vehicleView(stage.fleet.standing(drone), nowMs);
  equal([end?.code, refusal?.code, refusal?.count], ["busy", "certificate_expired", 1]);
});

Deno.test("a time that is none, as only a faulty relay says it, spoils no answer", async () => {
  const stage = await new FleetStage().begin();
  stage.hear({ case: "up", value: { vehicleId: drone, atNs: 1n, certificateNotAfterMs: 1n << 62n } });
  strictEqual(vehicleView(stage.fleet.standing(drone), 0).certificate?.not_after, new Date(0).toISOString());
});

Deno.test("the ledger's account stands beside one vehicle, where there is one", async () => {
  const stage = await new FleetStage().begin();
  const standing = stage.fleet.standing(drone);
  const waiting = { first: "1", sinceNs: 2_000_000n };
  const account = {
    ...{ vehicle: drone, heardNs: 1_000_000n, statement: undefined, forks: 0, waiting },
    counts: { ...noCounts, expected: 3, stored: 1 },
  };
  const { ledger } = oneVehicleView(standing, { account, nowMs: 0 });
  equal([ledger?.last_heard_at, ledger?.oldest_missing_since], [
    "1970-01-01T00:00:00.001Z",
    "1970-01-01T00:00:00.002Z",
  ]);
  equal([ledger?.expected, ledger?.stored], [3, 1]);
  strictEqual(oneVehicleView(standing, { account: null, nowMs: 0 }).ledger, null);
});
