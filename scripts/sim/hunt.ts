/** Proves the simulation: plants each known bug and counts the seeds until an invariant shows it. */
import { type Identities, makeIdentities } from "./identities.ts";
import type { Plant } from "./plant.ts";
import { plants } from "./planted/all.ts";
import { runSeed } from "./run_seed.ts";

/** Seeds within which every planted bug must show. */
const huntSeedsMax = 40;
/** Virtual hours of each of these worlds. */
const huntHours = 0.3;

/** Where to look. */
export interface HuntOptions {
  readonly identities: Identities;
  readonly hours: number;
  /** Seeds, in the order in which they are tried. */
  readonly seeds: readonly number[];
}

/** What a hunt found. */
export interface Hunt {
  /** How many seeds it took; undefined when none of them showed the bug. */
  readonly tried: number | undefined;
  readonly seed: number | undefined;
  readonly invariant: string;
}

/** Hunts one bug. */
export async function hunt(plant: Plant, { identities, hours, seeds }: HuntOptions): Promise<Hunt> {
  for (const [at, seed] of seeds.entries()) {
    const { violation } = await runSeed({ seed, hours, vehicles: 1, identities, plant });
    if (violation !== undefined) return { tried: at + 1, seed, invariant: violation.invariant };
  }
  return { tried: undefined, seed: undefined, invariant: "" };
}

/** Hunts the bugs of these names, or all, and tells of each. Returns whether all were found. */
export async function huntAll(names: readonly string[], tell: (line: string) => void): Promise<boolean> {
  const unknown = names.find((name) => !plants.some((plant) => plant.name === name));
  if (unknown !== undefined) throw new Error(`Cannot plant "${unknown}": there is no bug of that name`);
  const wanted = plants.filter(({ name }) => names.length === 0 || names.includes(name));
  const seeds = Array.from({ length: huntSeedsMax }, (_, at) => at + 1);
  const identities = await makeIdentities();
  tell(`${"planted bug".padEnd(56)}${"seeds".padStart(6)}  found by`);
  let found = 0;
  for (const plant of wanted) {
    const { tried, seed, invariant } = await hunt(plant, { identities, hours: huntHours, seeds });
    const doubt = seed === undefined ? "" : await shownWithout(plant, { identities, seed });
    if (tried !== undefined && doubt === "") found++;
    tell(`${plant.name.padEnd(56)}${(tried ?? `> ${huntSeedsMax}`).toString().padStart(6)}  ${invariant}${doubt}`);
  }
  tell(`${found} of ${wanted.length} found, each within ${huntSeedsMax} seeds of ${huntHours} virtual hours`);
  return found === wanted.length;
}

/** The same world without the bug must be sound: else something else was found. */
async function shownWithout(
  { needs }: Plant,
  { identities, seed }: { identities: Identities; seed: number },
): Promise<string> {
  const plant = { name: "none", what: "", needs: needs ?? {} };
  const { violation } = await runSeed({ seed, hours: huntHours, vehicles: 1, identities, plant });
  return violation === undefined ? "" : ` (NOT THE BUG: without it ${violation.invariant})`;
}
