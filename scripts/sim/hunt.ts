/** Proves the simulation: plants each known bug and counts the seeds until an invariant shows it. */
import { type Identities, makeIdentities } from "./identities.ts";
import type { Plant } from "./plant.ts";
import { plants } from "./planted/all.ts";
import { runSeed } from "./run_seed.ts";

/** Seeds within which every planted bug must show. */
export const huntSeedsMax = 40;
/** Virtual hours of each of these worlds. */
export const huntHours = 0.3;

/** What a hunt found. */
export interface Hunt {
  readonly plant: Plant;
  /** How many seeds it took; undefined when none of them showed the bug. */
  readonly seeds: number | undefined;
  readonly invariant: string;
}

/** Hunts one bug. */
export async function hunt(plant: Plant, identities: Identities): Promise<Hunt> {
  for (let seed = 1; seed <= huntSeedsMax; seed++) {
    const { violation } = await runSeed({ seed, hours: huntHours, vehicles: 1, identities, plant });
    if (violation !== undefined) return { plant, seeds: seed, invariant: violation.invariant };
  }
  return { plant, seeds: undefined, invariant: "" };
}

/** Hunts the bugs of these names, or all, and tells of each. Returns whether all were found. */
export async function huntAll(names: readonly string[], tell: (line: string) => void): Promise<boolean> {
  const identities = await makeIdentities();
  const wanted = plants.filter(({ name }) => names.length === 0 || names.includes(name));
  const unknown = names.find((name) => !plants.some((plant) => plant.name === name));
  if (unknown !== undefined) throw new Error(`Cannot plant "${unknown}": there is no bug of that name`);
  tell(`${"planted bug".padEnd(50)}${"seeds".padStart(6)}  found by`);
  let found = 0;
  for (const plant of wanted) {
    const { seeds, invariant } = await hunt(plant, identities);
    if (seeds !== undefined) found++;
    tell(`${plant.name.padEnd(50)}${(seeds ?? `> ${huntSeedsMax}`).toString().padStart(6)}  ${invariant}`);
  }
  tell(`${found} of ${wanted.length} found, each within ${huntSeedsMax} seeds of ${huntHours} virtual hours`);
  return found === wanted.length;
}
