/** What goes wrong with ingest and the store. */
import type { SeededRandom } from "#proto/testing/random.ts";
import { lasting, oneOf } from "./draw.ts";
import type { Fault } from "./fault.ts";
import type { World } from "./world.ts";

const ingestKill: Fault = {
  name: "ingest kill",
  weight: 3,
  strike: (world, random) => killIngest(world, lasting(random, { min: 200, max: 30_000 })),
};

/** It dies between rows and their ledger: the next commit is its last. */
const ingestKillAtCommit: Fault = {
  name: "ingest kill at a commit",
  weight: 3,
  strike: (world, random) => {
    let commits = random.integer(1, 5);
    world.onCommitted = () => {
      if (--commits > 0) return;
      world.onCommitted = undefined;
      world.tally.add("struck: ingest kill at a commit");
      killIngest(world, lasting(random, { min: 200, max: 5_000 }));
    };
  },
};

const ingestOutage: Fault = {
  name: "ingest outage",
  weight: 2,
  strike: (world, random) => killIngest(world, lasting(random, { min: 60_000, max: 1_500_000 })),
};

const readAgain: Fault = {
  name: "log read again",
  weight: 1,
  strike: (world, random) => {
    if (!world.ingest.isUp) return;
    world.tally.add("struck: log read again");
    world.ingest.readAgain(random.integer(1, 40));
  },
};

const storeOutage: Fault = {
  name: "store outage",
  weight: 3,
  strike: (world, random) => {
    world.storeConditions.isAway = true;
    world.trouble(lasting(random, { min: 500, max: 300_000 }), () => world.storeConditions.isAway = false);
  },
};

const unanswered: Fault = {
  name: "store does not answer",
  weight: 2,
  strike: (world, random) => {
    world.storeConditions.unanswered = 0.3;
    world.trouble(lasting(random, { min: 2_000, max: 60_000 }), () => world.storeConditions.unanswered = 0);
  },
};

const storeSlow: Fault = {
  name: "store slow",
  weight: 1,
  strike: (world, random) => {
    world.tally.add("struck: store slow");
    world.storeConditions.delayMs = { min: 200, max: 4_000 };
    world.trouble(lasting(random, { min: 5_000, max: 120_000 }), () => {
      world.storeConditions.delayMs = { min: 1, max: 12 };
    });
  },
};

/** The machine of the store, on which ingest runs too: a lazy store forgets what its disk did not have yet. */
const storePowerCut: Fault = {
  name: "store power cut",
  weight: 3,
  strike: (world, random) => cutStore(world, random),
};

/** The hardest moment: an outage's whole backlog was committed just now, and none of it is on the disk yet. */
const cutAfterBacklog: Fault = {
  name: "store power cut behind a backlog",
  weight: 2,
  strike: (world, random) => {
    const forMs = lasting(random, { min: 60_000, max: 1_500_000 });
    killIngest(world, forMs);
    world.time.set(forMs + lasting(random, { min: 1_000, max: 20_000 }), () => {
      if (world.ingest.isUp && !world.isHealed) cutStore(world, random);
    });
  },
};

/** Long enough for batches to be kept aside, or short enough to be waited for. */
const tableSuspended: Fault = {
  name: "table suspended",
  weight: 3,
  strike: (world, random) => {
    const tables = world.database.tables();
    if (world.database.kind === "durable" || tables.length === 0) return;
    const table = oneOf(random, tables);
    world.database.suspend(table);
    const forMs = lasting(random, { min: 2_000, max: 400_000 });
    world.suspension(forMs, () => world.database.resume(table));
  },
};

/** See the head of this file. */
export const cloudFaults: readonly Fault[] = [
  ...[ingestKill, ingestKillAtCommit, ingestOutage, readAgain],
  ...[storeOutage, unanswered, storeSlow, storePowerCut, cutAfterBacklog, tableSuspended],
];

function killIngest(world: World, forMs: number): void {
  world.tally.add("struck: ingest killed");
  world.ingest.kill();
  world.trouble(forMs, () => world.ingest.start());
}

function cutStore(world: World, random: SeededRandom): void {
  world.tally.add("struck: store power cut");
  world.tally.add("changes of the store lost to a power cut", world.database.powerCut(random));
  world.storeConditions.isAway = true;
  world.trouble(lasting(random, { min: 500, max: 60_000 }), () => world.storeConditions.isAway = false);
  killIngest(world, lasting(random, { min: 200, max: 90_000 }));
}
