/** Everything that can go wrong in a world, and the schedule by which it does. */
import type { Fault } from "./fault.ts";
import { backboneFaults } from "./faults_backbone.ts";
import { cloudFaults } from "./faults_cloud.ts";
import { linkFaults } from "./faults_link.ts";
import { vehicleFaults } from "./faults_vehicle.ts";
import type { World } from "./world.ts";

/** All kinds. */
export const faults: readonly Fault[] = [...vehicleFaults, ...linkFaults, ...backboneFaults, ...cloudFaults];

/** Lets the faults of a world strike at random moments until a moment. */
export function beginFaults(world: World, untilMs: number): void {
  const random = world.random("faults");
  const chosen = faults.filter(({ name }) => world.settings.faults.includes(name));
  if (chosen.length === 0) return;
  const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
  const everyMs = 3_600_000 / world.settings.faultsPerHour;
  const next = () => {
    if (world.time.nowMs >= untilMs) return;
    let draw = random.fraction() * total;
    const fault = chosen.find(({ weight }) => (draw -= weight) < 0) ?? chosen[0];
    world.story.tell(`fault: ${fault.name}`);
    world.tally.add(`fault: ${fault.name}`);
    fault.strike(world, random);
    world.time.set(2 * random.fraction() * everyMs, next);
  };
  world.time.set(5_000 + random.fraction() * everyMs, next);
}
