import { deepEqual, notEqual } from "node:assert/strict";
import { hunt } from "./hunt.ts";
import { makeIdentities } from "./identities.ts";
import { plants } from "./planted/all.ts";

/**
 * Seed and virtual hours of a world that shows each bug. Where a change of the product has moved what happens in it, the
 * seeds from 1 on are tried in its place: the simulation must find the bug all the same.
 */
const shown: Readonly<Record<string, readonly [seed: number, hours: number]>> = {
  "watermark after unlink": [5, 0.1],
  "acknowledgement before sync": [4, 0.3],
  "retry of a failed fsync": [4, 0.3],
  "directory not synced": [5, 0.1],
  "gap record not durable": [27, 0.1],
  "files left behind": [1, 0.1],
  "an append that is never answered": [21, 0.1],
  "seqs given out again after a crash": [2, 0.1],
  "ring freed by received": [1, 0.1],
  "a second clock offset in one epoch": [2, 0.1],
  "a lost gap record": [1, 0.1],
  "resending everything while ingest is down": [1, 0.1],
  "a batch lost before the log that nobody resends": [1, 0.1],
  "lost verdicts are never missed": [1, 0.1],
  "the wrong vehicle stamped": [1, 0.1],
  "a torn batch accepted without its checksum": [1, 0.1],
  "a replay window measured in log age": [9, 0.3],
  "a replay that writes what quarantine holds": [4, 0.1],
  "one suspended table stalling a partition": [8, 0.1],
  "deduplication limited to two minutes": [1, 0.1],
  "committed before it is queryable": [1, 0.1],
  "a suspended table's rows called committed": [1, 0.1],
  "quarantined again with every reading": [22, 0.3],
  "no replay behind a lazy store": [2, 0.1],
  "a verdict sent to the wrong vehicle": [1, 0.1],
};
const otherSeeds = Array.from({ length: 40 }, (_, at) => at + 1);
const identities = await makeIdentities();

for (const plant of plants) {
  Deno.test(`the simulation finds: ${plant.name}`, async () => {
    const [seed, hours] = shown[plant.name];
    const { invariant } = await hunt(plant, { identities, hours, seeds: [seed, ...otherSeeds] });
    notEqual(invariant, "", `no seed shows it: ${plant.what}`);
  });
}

Deno.test("the bugs that are planted are those whose seeds are known", () => {
  deepEqual(plants.map(({ name }) => name).sort(), Object.keys(shown).sort());
});
