/** What the software of a vehicle gives to its agent: small posts in all four classes, and a burst now and then. */
import type { Class } from "#proto/class.ts";
import type { Shape } from "#proto/shape.ts";
import type { SeededRandom } from "#proto/testing/random.ts";
import { poisonedShape, shapes } from "./frames.ts";
import type { Vehicle } from "./vehicle.ts";
import type { World } from "./world.ts";

const classWeights: readonly Class[] = [
  "critical",
  "event",
  "event",
  "normal",
  "normal",
  "normal",
  "normal",
  "bulk",
  "bulk",
];
/** Frames of a post, of a burst, and how many of posts are bursts. */
const postFramesMax = 12;
const burstFramesMax = 400;
const burstShare = 0.01;

/** Lets every vehicle post until a moment. */
export function beginLoad(world: World, untilMs: number): void {
  for (const vehicle of world.vehicles) {
    const random = world.random(`load ${vehicle.id}`);
    const next = () => {
      if (world.time.nowMs >= untilMs) return;
      post(vehicle, random);
      world.time.set(2 * random.fraction() * world.settings.postEveryMs, next);
    };
    world.time.set(1000 * random.fraction(), next);
  }
}

/** One post whose rows the store does not take. */
export function postPoison(vehicle: Vehicle, random: SeededRandom): void {
  const frames = someShapes(random, random.integer(0, 3));
  vehicle.give("normal", [...frames, poisonedShape, ...someShapes(random, random.integer(0, 3))]);
}

/** A burst, of one class. */
export function postBurst(vehicle: Vehicle, random: SeededRandom): void {
  vehicle.give(classWeights[random.integer(0, classWeights.length - 1)], someShapes(random, burstFramesMax));
}

function post(vehicle: Vehicle, random: SeededRandom): void {
  if (random.fraction() < burstShare) return postBurst(vehicle, random);
  const className = classWeights[random.integer(0, classWeights.length - 1)];
  vehicle.give(className, someShapes(random, random.integer(1, postFramesMax)));
}

/** Mostly of one shape, as a sensor gives them. */
function someShapes(random: SeededRandom, count: number): Shape[] {
  const usual = random.integer(0, shapes.length - 1);
  return Array.from(
    { length: count },
    () => random.fraction() < 0.8 ? shapes[usual] : shapes[random.integer(0, shapes.length - 1)],
  );
}
