/** What a seed makes of a world before anything happens in it. */
import { seededRandom } from "#proto/testing/random.ts";
import type { DatabaseKind } from "./database.ts";
import type { Plant } from "./plant.ts";

/** The fixed facts of one world. */
export interface WorldSettings {
  readonly seed: number;
  readonly hours: number;
  readonly vehicles: readonly string[];
  readonly relays: readonly string[];
  readonly store: DatabaseKind;
  readonly ring: { readonly bytesMax: number; readonly segmentBytes: number };
  /** Cap of the log: small ones let go of what nobody has read yet. */
  readonly logBytesMax: number;
  /** Mean time between two posts of a vehicle. */
  readonly postEveryMs: number;
  /** Kinds of faults that strike in this world, and how many in an hour. */
  readonly faults: readonly string[];
  readonly faultsPerHour: number;
}

/** What is asked for from outside. */
export interface WorldRequest {
  readonly seed: number;
  readonly hours: number;
  readonly vehicles: number;
  readonly plant?: Plant | undefined;
  /** Names of all kinds of faults there are. */
  readonly faultNames: readonly string[];
}

const KiB = 1024;
/** Where a bug is looked for, much happens. */
const plantedFaultsPerHour = 60;
const busyPostEveryMs = 400;

/** Draws a world. Not every kind of fault strikes in every world: what hides behind one shows in a world without it. */
export function settingsOf({ seed, hours, vehicles, plant, faultNames }: WorldRequest): WorldSettings {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
  const pick = <T>(...choices: readonly T[]) => choices[random.integer(0, choices.length - 1)];
  const isBusy = plant?.needs?.isBusy === true;
  const segmentBytes = pick(8, 8, 16) * KiB;
  const share = plant?.needs?.faults === undefined ? pick(0.3, 0.6, 1) : 0.15;
  const drawn = faultNames.filter(() => random.fraction() < share);
  const needed = plant?.needs?.faults ?? [];
  const store = plant?.needs?.store ?? pick<DatabaseKind>("lazy", "lazy", "durable");
  return {
    seed,
    hours: Math.max(hours, plant?.needs?.hours ?? 0),
    vehicles: Array.from({ length: Math.max(vehicles, plant?.needs?.vehicles ?? 1) }, (_, at) => `sim-${at + 1}`),
    relays: Array.from({ length: pick(1, 2) }, (_, at) => `relay-${at + 1}`),
    store,
    ring: { bytesMax: (plant?.needs?.isSmall === true ? 16 : pick(16, 20, 48, 128)) * segmentBytes, segmentBytes },
    // A lazy store is as good as the log behind it: that one must hold what the store may forget.
    logBytesMax: (store === "lazy" ? 64 * KiB : pick(64, 64 * KiB)) * KiB,
    postEveryMs: isBusy ? busyPostEveryMs : pick(1_500, 4_000, 8_000),
    faults: [...new Set([...drawn, ...needed])],
    faultsPerHour: plant === undefined ? pick(6, 25, 80) : plant.needs?.faultsPerHour ?? plantedFaultsPerHour,
  };
}
