import { deepStrictEqual as equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { partitionCount } from "#proto/limits.ts";
import { nextMove, shareOf } from "./shares.ts";

Deno.test("shares add up to all partitions and differ by one at most", () => {
  for (let count = 1; count <= 40; count++) {
    const members = Array.from({ length: count }, (_, at) => `ingest-${at}`);
    const shares = members.map((member) => shareOf(member, members));
    equal(shares.reduce((sum, share) => sum + share, 0), partitionCount);
    ok(Math.max(...shares) - Math.min(...shares) <= 1, `${shares}`);
  }
});

Deno.test("one that is alone claims everything, also what a dead run of its own left", () => {
  const owners = new Map([[3, "a"], [4, "b"]]);
  const { claim } = nextMove({ instance: "a", held: new Set() }, { members: ["a"], owners });
  equal(claim.length, partitionCount - 1);
  ok(claim.includes(3) && !claim.includes(4));
});

/** Several instances that look and move in any order. Leases that nobody holds end some time. */
class Fleet {
  readonly owners = new Map<number, string>();
  readonly alive = new Set<string>();
  readonly held = new Map<string, Set<number>>();

  apply(instance: string, isAlive: boolean): void {
    if (isAlive) this.alive.add(instance);
    else {
      this.alive.delete(instance);
      this.held.delete(instance);
    }
  }

  endLeases(): void {
    for (const [partition, owner] of this.owners) {
      if (!this.held.get(owner)?.has(partition)) this.owners.delete(partition);
    }
  }

  move(instance: string): void {
    const held = this.held.get(instance) ?? new Set();
    const { giveUp, claim } = nextMove({ instance, held }, { members: [...this.alive], owners: this.owners });
    for (const partition of giveUp) {
      held.delete(partition);
      this.owners.delete(partition);
    }
    for (const partition of claim) {
      const owner = this.owners.get(partition);
      ok(owner === undefined || owner === instance, "claims only what is free");
      held.add(partition);
      this.owners.set(partition, instance);
    }
    this.held.set(instance, held);
  }

  sizes(): number[] {
    return [...this.alive].map((instance) => this.held.get(instance)?.size ?? 0);
  }
}

Deno.test("whoever comes and goes, after two looks of everybody all partitions are owned in fair shares", () => {
  const names = ["a", "b", "c", "d", "e"];
  const change = fc.tuple(fc.constantFrom(...names), fc.boolean(), fc.boolean());
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    const fleet = new Fleet();
    for (const [instance, isAlive, leasesEnd] of [["a", true, false] as const, ...changes]) {
      fleet.apply(instance, isAlive);
      if (leasesEnd) fleet.endLeases();
      for (const each of fleet.alive) if (each !== instance) fleet.move(each);
    }
    fleet.endLeases();
    for (let round = 0; round < 2; round++) for (const instance of fleet.alive) fleet.move(instance);
    if (fleet.alive.size === 0) return;
    equal(fleet.owners.size, partitionCount);
    const sizes = fleet.sizes();
    ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    equal(sizes.reduce((sum, size) => sum + size, 0), partitionCount);
  }));
});
