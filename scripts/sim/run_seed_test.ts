import { deepEqual, equal } from "node:assert/strict";
import { makeIdentities } from "./identities.ts";
import { parseKnownSeeds } from "./options.ts";
import { runSeed } from "./run_seed.ts";

const identities = await makeIdentities();
const known = parseKnownSeeds(await Deno.readTextFile(new URL("seeds.txt", import.meta.url)));
/** Short worlds in which much happens. */
const short = [3, 12, 26].map((seed) => ({ seed, hours: 0.05, vehicles: 2 }));

for (const { seed, hours, vehicles } of [...known, ...short]) {
  Deno.test(`nothing is lost, doubled or invented in world ${seed} (${hours} h, ${vehicles} vehicles)`, async () => {
    const { violation, tally } = await runSeed({ seed, hours, vehicles, identities });
    equal(violation, undefined);
    equal(tally.of("frames answered durable") > 0, true);
  });
}

Deno.test("a seed goes the same way every time", async () => {
  const run = () => runSeed({ seed: 8, hours: 0.05, vehicles: 1, identities });
  const [one, other] = [await run(), await run()];
  equal(one.fingerprint, other.fingerprint);
  deepEqual(one.tally.entries(), other.tally.entries());
});
