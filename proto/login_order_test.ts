import { deepStrictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { type Epoch, parseEpoch } from "./ids.ts";
import { ancestorsMax } from "./limits.ts";
import { type LoginOrder, loginOrder, type LoginRank } from "./login_order.ts";

const reversed: Record<LoginOrder, LoginOrder> = {
  newer: "older",
  older: "newer",
  same: "same",
  unrelated: "unrelated",
};

const epochs = fc.bigInt({ min: 1n, max: 6n }).map((number) => parseEpoch(number));
const ranks: fc.Arbitrary<LoginRank> = fc.record({
  boot: fc.constantFrom("a", "b", "c"),
  linkCounter: fc.bigInt({ min: 1n, max: 3n }),
  epoch: epochs,
  ancestors: fc.array(epochs, { maxLength: 4 }),
});

/** An agent's logins through its starts, each of which opens an epoch; it logs in only with some of them. */
function life(starts: number): LoginRank[] {
  let chain: Epoch[] = [];
  return Array.from({ length: starts }, (_, at) => {
    const epoch = parseEpoch(BigInt(at + 1));
    const rank = { boot: `boot ${at}`, linkCounter: 1n, epoch, ancestors: chain };
    chain = [epoch, ...chain].slice(0, ancestorsMax);
    return rank;
  });
}

Deno.test("whatever stands in two logins, they stand to each other the other way round", () => {
  fc.assert(fc.property(ranks, ranks, (one, other) => {
    equal(loginOrder(other, one), reversed[loginOrder(one, other)]);
    equal(loginOrder(one, one), "same");
  }));
});

Deno.test("of one start the higher counter is newer, whatever the epochs say", () => {
  const [first] = life(1);
  equal(loginOrder({ ...first, linkCounter: 2n, epoch: parseEpoch(9n) }, first), "newer");
});

Deno.test("as many starts without a link as a chain is long leave no doubt; one more does", () => {
  const logins = life(ancestorsMax + 2);
  for (let at = 1; at <= ancestorsMax; at++) equal(loginOrder(logins[at], logins[0]), "newer");
  equal(loginOrder(logins[ancestorsMax + 1], logins[0]), "unrelated");
});

Deno.test("two that go on from one epoch, and two that know nothing of each other, are unrelated", () => {
  const [, , third] = life(3);
  const clone = { ...third, boot: "clone", epoch: parseEpoch(77n) };
  equal(loginOrder(clone, third), "unrelated");
  equal(loginOrder({ ...clone, ancestors: [] }, third), "unrelated");
});
