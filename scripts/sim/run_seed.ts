/**
 * One seed from beginning to end: the world runs with its faults, is healed towards the end, must drain within a stated
 * time, and is judged.
 */
import { beginFaults, faults } from "./faults.ts";
import type { Identities } from "./identities.ts";
import { beginLoad } from "./load.ts";
import type { Plant } from "./plant.ts";
import { settingsOf } from "./settings.ts";
import type { Tally } from "./tally.ts";
import { type Violation, World } from "./world.ts";

/** Part of a world's hours in which faults strike; then all is healed, and posts go on to the end. */
const troubledShare = 0.85;
/** From the last post to the last verdict, when nothing is wrong any more. */
const drainMsMax = 600_000;
/** How often the checkers look. */
const lookEveryMs = 10_000;
/** How often a lazy store's disk catches up. */
const flushEveryMs = 5_000;
/** Ledger and places are saved every 5 s: then the books are closed. */
const bookkeepingMs = 15_000;

/** What one seed showed. */
export interface SeedReport {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** The last things that happened. */
  readonly story: readonly string[];
  readonly tally: Tally;
  readonly virtualMs: number;
  readonly drainMs: number;
  /** Differs when anything went another way. */
  readonly fingerprint: string;
}

/** What to run. */
export interface SeedOptions {
  readonly seed: number;
  readonly hours: number;
  readonly vehicles: number;
  readonly identities: Identities;
  readonly plant?: Plant | undefined;
}

/** Runs one world. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const settings = settingsOf({ ...options, faultNames: faults.map(({ name }) => name) });
  const world = await World.begin({ settings, identities: options.identities, plant: options.plant });
  const endMs = settings.hours * 3_600_000;
  beginLoad(world, endMs);
  beginFaults(world, endMs * troubledShare);
  const disks = world.random("flushes");
  await runWatched(world, { untilMs: endMs * troubledShare, disks });
  world.heal();
  await runWatched(world, { untilMs: endMs, disks });
  const drainMs = await drain(world, disks);
  if (world.violation === undefined) {
    await world.time.runTo(world.time.nowMs + bookkeepingMs);
    world.end();
  }
  return {
    seed: options.seed,
    violation: world.violation,
    story: world.story.lines,
    tally: world.tally,
    virtualMs: world.time.nowMs,
    drainMs,
    fingerprint: `${world.time.fired} ${world.given.answered} ${world.database.inserted} ${world.hub.extent.last}`,
  };
}

type Watched = { readonly untilMs: number; readonly disks: ReturnType<World["random"]> };

/** Moves on, looks, and stops at the first violation. */
async function runWatched(world: World, { untilMs, disks }: Watched): Promise<void> {
  while (world.time.nowMs < untilMs && world.violation === undefined) {
    const nextMs = Math.min(untilMs, world.time.nowMs + flushEveryMs);
    await world.time.runTo(nextMs);
    world.database.flushSome(disks);
    if (nextMs % lookEveryMs === 0) world.look();
  }
}

async function drain(world: World, disks: Watched["disks"]): Promise<number> {
  const sinceMs = world.time.nowMs;
  while (!world.isDrained() && world.violation === undefined) {
    if (world.time.nowMs - sinceMs >= drainMsMax) {
      world.fail("the end is reached", `not drained ${drainMsMax / 1000} s after the last post: ${world.describe()}`);
      break;
    }
    await runWatched(world, { untilMs: world.time.nowMs + lookEveryMs, disks });
  }
  return world.time.nowMs - sinceMs;
}
