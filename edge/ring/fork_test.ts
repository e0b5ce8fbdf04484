/** A disk that was copied, or put back to an earlier state: nothing collides, and the epochs show the fork. */
import assert from "node:assert/strict";
import { parseEpoch } from "#proto/ids.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import type { Ring } from "./ring.ts";
import { frame, numberOf, openSmall, readAll } from "./testing/rig.ts";

/** What each epoch's first record says came before it. */
async function previousOf(ring: Ring, epoch = ring.epoch): Promise<bigint> {
  const [opening] = await ring.read({ epoch, class: "critical", first: 1, last: 1, bytesMax: 1 });
  assert.equal(opening.shape.stream, "ss_epoch");
  return parseEpoch(opening.values[0]);
}

async function write(ring: Ring, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    await ring.append("normal", [frame(number)]);
    await ring.append("event", [frame(number)]);
  }
}

/** Adds all that a ring holds to what a cloud has; the same place with another record is a collision. */
async function deliver(ring: Ring, cloud: Map<string, string>): Promise<void> {
  for (const on of ring.onBoard()) {
    for (const record of await readAll(ring, on)) {
      const place = `${on.epoch} ${on.class} ${record.seq}`;
      const text = JSON.stringify([record.shape.stream, record.ts.toString(), record.values]);
      assert.ok([undefined, text].includes(cloud.get(place)), `${place} holds ${text} and ${cloud.get(place)}`);
      cloud.set(place, text);
    }
  }
}

function numbersIn(cloud: Map<string, string>): number {
  return new Set([...cloud.values()].filter((text) => text.includes("telemetry"))).size;
}

Deno.test("a cloned disk: both go on in epochs of their own after the same one, and nothing collides", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const origin = await openSmall(disk, { seed: 2 });
  await write(origin, [1, 2, 3]);
  await origin.close();
  const clone = disk.copy();
  const a = await openSmall(disk.kill(), { seed: 3 });
  const b = await openSmall(clone, { seed: 4 });
  assert.equal(new Set([origin.epoch, a.epoch, b.epoch]).size, 3);
  assert.deepEqual([await previousOf(a), await previousOf(b)], [origin.epoch, origin.epoch]);
  assert.deepEqual([a.ancestors(), b.ancestors()], [[origin.epoch], [origin.epoch]]);
  await write(a, [4, 5]);
  await write(b, [6, 7, 8]);
  const cloud = new Map<string, string>();
  await deliver(a, cloud);
  await deliver(b, cloud);
  assert.equal(numbersIn(cloud), 8);
  await a.close();
  await b.close();
});

Deno.test("a disk that is copied while the ring is in use: the original goes on in its epoch, the copy in another", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const origin = await openSmall(disk, { seed: 2 });
  await write(origin, [1, 2, 3]);
  const copy = await openSmall(disk.copy(), { seed: 3 });
  await write(origin, [4, 5]);
  await write(copy, [6, 7]);
  assert.notEqual(copy.epoch, origin.epoch);
  assert.equal(await previousOf(copy), origin.epoch);
  const cloud = new Map<string, string>();
  await deliver(origin, cloud);
  await deliver(copy, cloud);
  assert.equal(numbersIn(cloud), 7);
  await origin.close();
  await copy.close();
});

Deno.test("a disk that is put back to an earlier state repeats, and the chain shows the branch that is gone", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const origin = await openSmall(disk, { seed: 2 });
  await write(origin, [1, 2, 3]);
  await origin.close();
  const backup = disk.copy();
  const gone = await openSmall(disk.kill(), { seed: 3 });
  await write(gone, [4, 5]);
  const cloud = new Map<string, string>();
  await deliver(gone, cloud);
  const restored = await openSmall(backup, { seed: 4 });
  await write(restored, [6]);
  await deliver(restored, cloud);
  assert.equal(numbersIn(cloud), 6);
  assert.deepEqual([await previousOf(restored), await previousOf(gone)], [origin.epoch, origin.epoch]);
  assert.ok(!restored.ancestors().includes(gone.epoch));
  const numbers = await Promise.all(restored.onBoard().map((on) => readAll(restored, on)));
  assert.deepEqual([...new Set(numbers.flat().flatMap((record) => numberOf(record) ?? []))], [1, 2, 3, 6]);
  await restored.close();
});
