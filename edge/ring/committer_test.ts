import assert from "node:assert/strict";
import { classes } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import {
  fill,
  frame,
  namedGaps,
  namedPlaces,
  numbersOn,
  openSmall,
  rejection,
  smallRingBytes,
  virtualDisk,
} from "./testing/rig.ts";

Deno.test("what arrives while a sync is under way goes with the next one, all of it", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  await ring.append("normal", [frame(0)]);
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let syncs = 0;
  disk.onCall = ({ verb, name }) => {
    if (verb !== "sync" || !name.startsWith("segment")) return;
    syncs++;
    begun.resolve();
    return gate.promise;
  };
  const places = [ring.append("normal", [frame(1)])];
  await begun.promise;
  for (let number = 2; number <= 20; number++) places.push(ring.append("normal", [frame(number)]));
  gate.resolve();
  assert.deepEqual((await Promise.all(places)).map(({ first }) => first), Array.from({ length: 20 }, (_, i) => i + 2));
  assert.equal(syncs, 2);
  await ring.close();
});

Deno.test("an append is answered only after its sync, and can be read only then", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  disk.onCall = ({ verb }) => {
    if (verb !== "sync") return;
    begun.resolve();
    return gate.promise;
  };
  let answered = false;
  const place = ring.append("event", [frame(1)]).finally(() => answered = true);
  await begun.promise;
  const request = { epoch: ring.epoch, class: "event", first: 1, last: 1, bytesMax: 1000 } as const;
  assert.equal(answered, false);
  assert.deepEqual(await ring.read(request), []);
  gate.resolve();
  await place;
  assert.equal((await ring.read(request)).length, 1);
  await ring.close();
});

Deno.test("after a failed sync the records go into a new segment and the same file is never synced again", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  await fill(ring, { class: "normal", from: 1, to: 3, bytes: 100 });
  const synced: string[] = [];
  disk.onCall = ({ verb, name }) => {
    if (verb !== "sync") return;
    synced.push(name);
    if (synced.length === 1) throw new Fault("disk_failed", `Cannot sync "${name}": EIO`);
  };
  const place = { epoch: ring.epoch, first: 4, last: 4 };
  assert.deepEqual(await ring.append("normal", [frame(4)]), { ...place, state: "durable" });
  await fill(ring, { class: "normal", from: 5, to: 6, bytes: 100 });
  assert.equal(synced.filter((name) => name === synced[0]).length, 1);
  const again = await openSmall(disk.powerCut(), { seed: 2 });
  assert.deepEqual(await numbersOn(again), [1, 2, 3, 4, 5, 6]);
  await again.close();
});

Deno.test("a disk that fails twice refuses the callers, is normal with the next call, and the burnt seqs are named", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  await fill(ring, { class: "normal", from: 1, to: 3, bytes: 100 });
  disk.onCall = ({ verb, name }) => {
    if (verb === "sync") throw new Fault("disk_failed", `Cannot sync "${name}": EIO`);
  };
  assert.equal(await rejection(ring.append("normal", [frame(4), frame(5)])), "disk_failed");
  assert.equal(ring.stats().fault?.code, "disk_failed");
  disk.onCall = () => {};
  assert.equal((await ring.append("normal", [frame(6)])).first, 6);
  assert.equal(ring.stats().fault, undefined);
  const gaps = await namedGaps(ring);
  assert.deepEqual(gaps, [{ epoch: ring.epoch, class: "normal", range: { first: 4, last: 5 }, cause: "refused" }]);
  assert.deepEqual(await numbersOn(ring), [1, 2, 3, 6]);
  await ring.close();
});

Deno.test("a disk that is full when the ring opens keeps the agent waiting for space, not from starting", async () => {
  const disk = virtualDisk();
  disk.capacityBytes = 1000;
  const ring = await openSmall(disk);
  assert.equal(await rejection(ring.append("normal", [frame(1)])), "disk_full");
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal((await ring.append("normal", [frame(2)])).first, 1);
  const [opening] = await ring.read({ epoch: ring.epoch, class: "critical", first: 1, last: 1, bytesMax: 1 });
  assert.equal(opening.shape.stream, "ss_epoch");
  await ring.close();
});

Deno.test("every n-th disk call failing, for every n, ends in answers and a ring that works again", async () => {
  for (let n = 1; n <= 60; n++) {
    const disk = virtualDisk(n);
    disk.onCall = ({ index, verb, name }) => {
      if (index % n === n - 1) throw new Fault("disk_failed", `Cannot ${verb} "${name}": EIO`);
    };
    // Each failure may end a segment early: there is room for that.
    const options = { bytesMax: 4 * smallRingBytes };
    const ring = await openSmall(disk, options).catch((thrown) => assert.ok(thrown instanceof Fault));
    if (ring === undefined) continue;
    const done = new Map<number, string>();
    for (let number = 1; number <= 40; number++) {
      const name = classes[number % classes.length];
      await ring.append(name, [frame(number, 300)]).then(
        ({ first }) => done.set(number, `${name} ${first}`),
        (thrown) => assert.ok(thrown instanceof Fault),
      );
    }
    disk.onCall = () => {};
    // The first call may still fall into the commit that has just failed.
    await ring.append("normal", [frame(41)]).catch(() => ring.append("normal", [frame(42)]));
    const numbers = await numbersOn(ring);
    const named = await namedPlaces(ring);
    for (const [number, place] of done) {
      assert.ok(numbers.includes(number) || named.has(place), `every ${n}th: ${place}`);
    }
    await ring.close();
  }
});
