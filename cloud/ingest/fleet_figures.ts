/** The accounts of the vehicles of the partitions owned, added up for metrics. Bounded; what is beyond is not counted. */
import type { VehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import { addCounts, noCounts, stateOf } from "../lib/completeness/account.ts";
import type { SeqCounts, VehicleAccount } from "../lib/store/vehicle_account.ts";

/** What accounts add up to. */
export interface LedgerFigures {
  readonly counts: SeqCounts;
  readonly vehicles: Readonly<Record<ReturnType<typeof stateOf>, number>>;
  readonly forks: number;
  /** How long the oldest missing range of a vehicle, of those that are still to come, has been that; 0 for none. */
  readonly oldestWaitingNs: bigint;
}

/** See the head of this file. */
export class FleetFigures {
  readonly #accounts = new Map<VehicleId, Pick<VehicleAccount, "counts" | "forks" | "waiting">>();
  readonly #vehiclesMax: number;

  constructor(vehiclesMax: number) {
    this.#vehiclesMax = vehiclesMax;
  }

  /** Takes vehicles' newest accounts. */
  take(accounts: readonly VehicleAccount[]): void {
    for (const { vehicle, counts, forks, waiting } of accounts) {
      const isCounted = this.#accounts.has(vehicle) || this.#accounts.size < this.#vehiclesMax;
      if (isCounted) this.#accounts.set(vehicle, { counts, forks, waiting });
    }
  }

  /** Forgets a partition's vehicles: from now on somebody else counts them. */
  forget(partition: number): void {
    for (const vehicle of this.#accounts.keys()) if (partitionOf(vehicle) === partition) this.#accounts.delete(vehicle);
  }

  /** Adds all up; linear in the vehicles. */
  figures(nowNs: bigint): LedgerFigures {
    const vehicles = { complete: 0, arriving: 0, short: 0 };
    let [counts, forks, oldestWaitingNs] = [noCounts, 0, 0n];
    for (const account of this.#accounts.values()) {
      vehicles[stateOf(account.counts)]++;
      counts = addCounts(counts, account.counts);
      forks += account.forks;
      const waitedNs = account.waiting === undefined ? 0n : nowNs - account.waiting.sinceNs;
      if (waitedNs > oldestWaitingNs) oldestWaitingNs = waitedNs;
    }
    return { counts, vehicles, forks, oldestWaitingNs };
  }
}
