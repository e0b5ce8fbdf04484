import { deepStrictEqual as equal, match } from "node:assert/strict";
import { partitionOf } from "#proto/subjects.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { countsOf } from "../lib/completeness/account.ts";
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import { FleetFigures } from "./fleet_figures.ts";
import { ingestMetrics } from "./metrics.ts";

function accountOf(id: string, lost: number, waitingSinceNs?: bigint): VehicleAccount {
  const missing = lost === 0 ? [] : [{ first: 1, last: lost, cause: "overwritten" as const }];
  const waiting = waitingSinceNs === undefined ? undefined : { first: "1/normal/1", sinceNs: waitingSinceNs };
  return {
    ...{ vehicle: parseVehicleId(id), heardNs: 1n, statement: undefined, forks: lost },
    ...{ counts: countsOf(10, missing), waiting },
  };
}

Deno.test("a vehicle's newer account replaces the older, and vehicles beyond the bound are not counted", () => {
  const figures = new FleetFigures(2);
  figures.take([accountOf("a", 5, 90n), accountOf("b", 0, 40n)]);
  figures.take([accountOf("a", 1, 95n), accountOf("c", 0)]);
  const { counts, vehicles, forks, oldestWaitingNs } = figures.figures(100n);
  equal([counts.expected, counts.stored, counts.missing.overwritten], [21, 20, 1]);
  equal([vehicles, forks, oldestWaitingNs], [{ complete: 1, arriving: 0, short: 1 }, 1, 60n]);
  for (const name of ["a", "b", "c"]) figures.forget(partitionOf(parseVehicleId(name)));
  equal(figures.figures(100n).counts.expected, 0);
});

Deno.test("metrics have a sample for each cause and state, and none for a vehicle", () => {
  const figures = new FleetFigures(9);
  figures.take([accountOf("drone-001", 5, 1_000_000_000n)]);
  const counts = {
    batches: 1,
    rows: 2,
    repeated: 3,
    quarantined: 4,
    unproven: 0,
    askedAgain: 0,
    waiting: 5,
    partitions: 32,
    missed: 0,
  };
  const text = ingestMetrics(counts, figures.figures(3_500_000_000n));
  for (
    const line of [
      `ingest_batches_total 1`,
      `ingest_ledger_expected_records 15`,
      `ingest_ledger_committed_records 10`,
      `ingest_ledger_missing_records{cause="overwritten"} 5`,
      `ingest_ledger_missing_records{cause="unknown"} 0`,
      `ingest_ledger_vehicles{state="short"} 1`,
      `ingest_ledger_forks 5`,
      `ingest_ledger_oldest_uncommitted_age_seconds 2.5`,
    ]
  ) match(text, new RegExp(`^${RegExp.escape(line)}$`, "m"));
  equal(text.includes("drone-001"), false);
});
