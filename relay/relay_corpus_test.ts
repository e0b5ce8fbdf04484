import { deepEqual, equal } from "node:assert/strict";
import { certificateCorpus, type CorpusCase } from "#proto/testing/corpus.ts";
import type { Leaf } from "#proto/testing/certificates.ts";
import { type House, makeHouse } from "./testing/house.ts";

/** Of each group so many cases apart: the check itself sees all of them in proto/base. */
const stride = 17;

/** How a login ended: `welcome`, or who refused it and why. */
async function outcomeOf(house: House, leaf: Leaf): Promise<string> {
  const vehicle = await house.dial(leaf);
  await house.clock.advance(10);
  const { outcome } = vehicle;
  vehicle.close();
  await house.clock.advance(10);
  return outcome?.kind === "refused" ? `${outcome.code} by ${outcome.by}` : String(outcome?.kind);
}

const house = await makeHouse({ linksPerSecondAndAddress: 1e6 });
const nowMs = Number(house.clock.wallNs() / 1_000_000n);
const corpus = certificateCorpus(house.authority.root, { vehicle: "drone-001", nowMs });
const good = await house.issue("drone-001");

const samples = [...Map.groupBy(corpus, ({ group }) => group)]
  .map(([group, cases]): [string, CorpusCase[]] => [group, cases.filter((_, at) => at % stride === 0)]);

for (const [group, cases] of samples) {
  Deno.test(`bad certificates do not log in, and a good one does after each: ${group}`, async () => {
    for (const { name, codeAtLogin, chain, control, keyPem } of cases) {
      const leafOf = (chain: readonly Uint8Array[]): Leaf => ({ ...good, chain, keyPem });
      equal(await outcomeOf(house, leafOf(chain())), `${codeAtLogin} by relay`, name);
      // A fault of the key is left out with the key, to which nobody here can sign.
      const rightLeaf = group === "keys" ? good : leafOf(control());
      equal(await outcomeOf(house, rightLeaf), "welcome", `${name}: without it`);
      equal(await outcomeOf(house, good), "welcome", `${name}: another good one`);
    }
    const { links, halfOpen, sessions } = house.relay.facts();
    deepEqual({ links, halfOpen, sessions }, { links: 0, halfOpen: 0, sessions: 0 });
  });
}
