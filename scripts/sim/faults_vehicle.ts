/** What goes wrong on a vehicle. */
import { lasting, oneOf } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { postBurst, postPoison } from "./load.ts";
import type { Vehicle } from "./vehicle.ts";
import type { World } from "./world.ts";

const agentCrash: Fault = {
  name: "agent crash",
  weight: 3,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    if (vehicle.agent === undefined) return;
    world.tally.add("struck: agent crash");
    vehicle.kill();
    // A killed process says nothing; its kernel may.
    if (random.fraction() < 0.5) cutLinks(world, vehicle);
    world.trouble(lasting(random, { min: 50, max: 20_000 }), () => vehicle.start());
  },
};

const powerCut: Fault = {
  name: "vehicle power cut",
  weight: 4,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    if (vehicle.agent === undefined) return;
    world.tally.add("struck: vehicle power cut");
    vehicle.powerCut();
    // A clock without a battery begins in 1970, and the kernel knows that.
    const forgets = random.fraction() < 0.2;
    if (forgets) {
      vehicle.machine.wallAheadNs = -vehicle.machine.trueWallNs;
      vehicle.isSynchronized = false;
      world.tally.add("struck: clock in 1970");
    }
    world.trouble(lasting(random, { min: 3_000, max: 300_000 }), () => vehicle.boot());
    if (!forgets) return;
    world.trouble(lasting(random, { min: 20_000, max: 1_200_000 }), () => {
      vehicle.machine.wallAheadNs = 0n;
      vehicle.isSynchronized = true;
    });
  },
};

const wallJump: Fault = {
  name: "wall clock jump",
  weight: 1,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    world.tally.add("struck: wall clock jump");
    const byMs = oneOf(random, [-1, 1]) * lasting(random, { min: 500, max: 7_200_000 });
    const byNs = BigInt(Math.round(byMs * 1e6));
    vehicle.machine.wallAheadNs += byNs;
    world.trouble(lasting(random, { min: 10_000, max: 1_200_000 }), () => vehicle.machine.wallAheadNs = 0n);
  },
};

const suspend: Fault = {
  name: "suspend",
  weight: 2,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    if (vehicle.machine.isAsleep) return;
    world.tally.add("struck: suspend");
    vehicle.machine.sleep();
    world.trouble(lasting(random, { min: 500, max: 600_000 }), () => {
      vehicle.machine.wake();
      vehicle.forgiveWaits();
    });
  },
};

const diskFull: Fault = {
  name: "disk full",
  weight: 2,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    world.tally.add("struck: disk full");
    const { disk } = vehicle;
    vehicle.limitDisk(disk.usedBytes + random.integer(0, 3) * world.settings.ring.segmentBytes);
    world.trouble(lasting(random, { min: 2_000, max: 300_000 }), () => vehicle.limitDisk(Infinity));
  },
};

const diskError: Fault = {
  name: "disk error",
  weight: 3,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    vehicle.trouble.failing = oneOf(random, [0.1, 0.4, 1]);
    vehicle.trouble.isReadable = random.fraction() < 0.6;
    world.trouble(lasting(random, { min: 3_000, max: 120_000 }), () => vehicle.trouble.failing = 0);
  },
};

const diskSlow: Fault = {
  name: "disk slow",
  weight: 1,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    world.tally.add("struck: disk slow");
    vehicle.trouble.syncMs = { min: 100, max: 2_000 };
    world.trouble(lasting(random, { min: 5_000, max: 60_000 }), () => vehicle.trouble.syncMs = { min: 0.5, max: 4 });
  },
};

const burst: Fault = {
  name: "burst",
  weight: 3,
  strike: (world, random) => {
    const vehicle = oneOf(random, world.vehicles);
    world.tally.add("struck: burst");
    const posts = random.integer(2, 12);
    for (let post = 0; post < posts; post++) world.time.set(post * 300, () => postBurst(vehicle, random));
  },
};

const poison: Fault = {
  name: "poisoned frames",
  weight: 1,
  strike: (world, random) => postPoison(oneOf(random, world.vehicles), random),
};

/** See the head of this file. */
export const vehicleFaults: readonly Fault[] = [
  ...[agentCrash, powerCut, wallJump, suspend, diskFull, diskError, diskSlow, burst, poison],
];

function cutLinks(world: World, vehicle: Vehicle): void {
  for (const network of world.networks[world.vehicles.indexOf(vehicle)]) network.cut();
}
