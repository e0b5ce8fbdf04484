import { deepStrictEqual as equal } from "node:assert/strict";
import { type Epoch, parseEpoch, parseRelayName } from "#proto/ids.ts";
import { endsWithin, forksOf, type OpenedEpoch, withAncestors } from "./epoch_chain.ts";

const [a, b, c, d] = [1n, 2n, 3n, 4n].map(parseEpoch);

function opened(epoch: Epoch, previous: Epoch | undefined, normal = 0): OpenedEpoch {
  return {
    ...{ epoch, previous, lasts: { critical: 1, event: 0, normal, bulk: 0 }, reason: "start", boot: "aa" },
    ...{ clockSynchronized: true, clockOffsetNs: 0n, openedAtNs: 1n, receivedAtNs: 1n },
    ...{ relay: parseRelayName("relay-1"), session: "aa" },
  };
}

const chain = [opened(a, undefined), opened(b, a, 9), opened(c, b, 5), opened(d, a, 4)];

Deno.test("two that go on from the same one are a fork, and two that begin anew are none", () => {
  equal([...forksOf(chain)].map(([epoch, branches]) => [epoch, branches.map((one) => one.epoch)]), [[a, [b, d]]]);
  equal(forksOf([opened(a, undefined), opened(b, undefined)]).size, 0);
});

Deno.test("ancestors are found as far as openings tell, in a ring of epochs too", () => {
  equal(withAncestors([c], chain), new Set([c, b, a]));
  equal(withAncestors([d], chain), new Set([d, a]));
  equal(withAncestors([c], chain.slice(2)), new Set([c, b]));
  equal(withAncestors([a], [opened(a, b), opened(b, a)]), new Set([a, b]));
});

Deno.test("an epoch ends where those of the same disk say that it did", () => {
  const ends = (within: readonly Epoch[]) => endsWithin(new Set(within), chain).get(a)?.normal;
  equal([ends([a, b, c]), ends([a, d]), ends([a]), ends([a, b, d])], [9, 4, undefined, 9]);
});
