/** What goes wrong between vehicles and relays. */
import { lasting, oneOf } from "./draw.ts";
import type { Fault } from "./fault.ts";
import type { World } from "./world.ts";
import type { SeededRandom } from "#proto/testing/random.ts";

/** Ways of one vehicle: to one relay, or to all. */
function someWays(world: World, random: SeededRandom) {
  const ways = oneOf(random, world.networks);
  return random.fraction() < 0.5 ? ways : [oneOf(random, ways)];
}

const linkCut: Fault = {
  name: "link cut",
  weight: 3,
  strike: (world, random) => {
    world.tally.add("struck: link cut");
    for (const way of someWays(world, random)) way.cut();
  },
};

/** Loss, delay and a narrow way as a stream over QUIC shows them: late bytes, and lanes that overtake each other. */
const badNetwork: Fault = {
  name: "bad network",
  weight: 2,
  strike: (world, random) => {
    world.tally.add("struck: bad network");
    for (const { conditions } of someWays(world, random)) {
      conditions.delayMs = { min: 30, max: oneOf(random, [300, 2_000, 6_000]) };
      conditions.bytesPerSecond = oneOf(random, [4_000, 30_000, undefined]);
      conditions.pieceBytesMax = oneOf(random, [100, 1_200]);
      world.trouble(lasting(random, { min: 5_000, max: 600_000 }), () => {
        conditions.delayMs = { min: 4, max: 20 };
        conditions.bytesPerSecond = undefined;
        conditions.pieceBytesMax = Number.MAX_SAFE_INTEGER;
      });
    }
  },
};

/** Nothing gets through, and nobody is told. */
const partition: Fault = {
  name: "partition",
  weight: 2,
  strike: (world, random) => {
    world.tally.add("struck: partition");
    const forMs = lasting(random, { min: 2_000, max: 120_000 });
    for (const way of someWays(world, random)) {
      way.conditions.delayMs = { min: forMs, max: forMs + 500 };
      way.reachable = false;
      world.trouble(forMs, () => {
        way.conditions.delayMs = { min: 4, max: 20 };
        way.reachable = true;
      });
    }
  },
};

/** A firewall lets no new connection through. */
const blocked: Fault = {
  name: "UDP blocked",
  weight: 2,
  strike: (world, random) => {
    world.tally.add("struck: UDP blocked");
    const goesOn = random.fraction() < 0.3;
    for (const way of someWays(world, random)) {
      way.reachable = false;
      if (!goesOn) way.cut();
      world.trouble(lasting(random, { min: 10_000, max: 1_500_000 }), () => way.reachable = true);
    }
  },
};

/** See the head of this file. */
export const linkFaults: readonly Fault[] = [linkCut, badNetwork, partition, blocked];
