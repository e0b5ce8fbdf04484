/** What goes wrong with relays, the hub and the ways between them. */
import { lasting, oneOf } from "./draw.ts";
import type { Fault } from "./fault.ts";
import type { WireConditions } from "./wire.ts";

const relayKill: Fault = {
  name: "relay kill",
  weight: 3,
  strike: (world, random) => {
    const relay = oneOf(random, world.relays);
    if (!relay.isUp) return;
    world.tally.add("struck: relay kill");
    relay.kill();
    world.trouble(lasting(random, { min: 200, max: 60_000 }), () => relay.start());
  },
};

const relayDrain: Fault = {
  name: "relay drain",
  weight: 1,
  strike: (world, random) => {
    const relay = oneOf(random, world.relays);
    if (!relay.isUp) return;
    world.tally.add("struck: relay drain");
    void relay.drain();
    world.trouble(lasting(random, { min: 5_000, max: 30_000 }), () => {
      if (relay.isUp) relay.kill();
      relay.start();
    });
  },
};

const leafCut: Fault = {
  name: "leaf cut",
  weight: 3,
  strike: (world, random) => {
    const { up, down } = oneOf(random, world.wires);
    world.tally.add("struck: leaf cut");
    change([up.conditions, down.conditions], { isCut: true });
    world.trouble(lasting(random, { min: 500, max: 300_000 }), () => {
      change([up.conditions, down.conditions], { isCut: false });
    });
  },
};

/** Publishes that do not arrive, arrive twice, late and out of order; answers that get lost though the log holds them. */
const lossyBackbone: Fault = {
  name: "lossy backbone",
  weight: 3,
  strike: (world, random) => {
    const { up, down } = oneOf(random, world.wires);
    world.tally.add("struck: lossy backbone");
    const bad = { loss: oneOf(random, [0.05, 0.5, 0.9]), delayMs: { min: 1, max: oneOf(random, [5, 100, 1_500]) } };
    const chosen = oneOf(random, [[up], [down], [up, down]]).map(({ conditions }) => conditions);
    change(chosen, { ...bad, doubled: 0.2 });
    world.trouble(lasting(random, { min: 5_000, max: 300_000 }), () => {
      change(chosen, { loss: 0, doubled: 0, delayMs: { min: 0.2, max: 1.5 } });
    });
  },
};

const hubStall: Fault = {
  name: "hub stall",
  weight: 2,
  strike: (world, random) => {
    const forMs = lasting(random, { min: 1_000, max: 150_000 });
    world.hub.stall(forMs);
    world.trouble(forMs, () => {});
  },
};

/** A relay's memory flips a bit of a bundle. */
const damagedBundle: Fault = {
  name: "damaged bundle",
  weight: 1,
  strike: (world, random) => {
    world.onBundle = (bytes) => {
      world.onBundle = undefined;
      world.tally.add("struck: damaged bundle");
      const damaged = bytes.slice();
      // The last bytes of a bundle are those of a batch's body.
      damaged[damaged.length - 1 - random.integer(0, 3)] ^= 1 << random.integer(0, 7);
      return damaged;
    };
  },
};

/** See the head of this file. */
export const backboneFaults: readonly Fault[] = [
  relayKill,
  relayDrain,
  leafCut,
  lossyBackbone,
  hubStall,
  damagedBundle,
];

function change(wires: readonly WireConditions[], to: Partial<WireConditions>): void {
  for (const conditions of wires) Object.assign(conditions, to);
}
