import assert from "node:assert/strict";
import { parseEpoch } from "#proto/ids.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { fill, frame, numbersOn, openSmall, rejection, virtualDisk } from "./testing/rig.ts";

Deno.test("an epoch begins with its opening, which names the one before and how far it came", async () => {
  const disk = virtualDisk();
  const boot = seededRandom(9).bytes(16);
  const first = await openSmall(disk, { boot, clockSynchronized: true });
  await fill(first, { class: "normal", from: 1, to: 3, bytes: 10 });
  await first.close();
  const ring = await openSmall(disk.kill(), { boot, seed: 2 });
  const [opening] = await ring.read({ epoch: ring.epoch, class: "critical", first: 1, last: 1, bytesMax: 1 });
  assert.equal(opening.shape.stream, "ss_epoch");
  assert.deepEqual(opening.values, [`${first.epoch}`, 1, 0, 3, 0, "start", boot.toHex(), false]);
  assert.deepEqual(ring.ancestors(), [first.epoch]);
  assert.equal(ring.clockOffset(first.epoch), 0n);
  assert.equal(ring.clockOffset(ring.epoch), undefined);
  const third = await ring.openEpoch("suspend", { clockSynchronized: true });
  assert.equal(ring.epoch, third);
  assert.deepEqual(ring.ancestors(), [
    parseEpoch(opening.values[0]) === first.epoch ? ring.onBoard()[2].epoch : 0n,
    first.epoch,
  ]);
  assert.deepEqual(await ring.append("normal", [frame(4)]), { epoch: third, first: 1, last: 1, state: "durable" });
  assert.deepEqual(await numbersOn(ring), [1, 2, 3, 4]);
  await ring.close();
});

Deno.test("an epoch's clock offset is fixed once and outlives a power cut and a damaged watermark", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  assert.equal(await ring.fixClockOffset(-5_000_000_000n), -5_000_000_000n);
  assert.equal(await ring.fixClockOffset(7n), -5_000_000_000n);
  const next = disk.powerCut();
  for (const image of next.images("watermark-1")) image.fill(0);
  const again = await openSmall(next, { seed: 2 });
  assert.equal(again.clockOffset(ring.epoch), -5_000_000_000n);
  assert.equal(await again.fixClockOffset(9n, ring.epoch), -5_000_000_000n);
  assert.equal(await rejection(again.fixClockOffset(9n, parseEpoch(77n))), "not_found");
  await again.close();
});

Deno.test("time within an epoch follows the uptime and never the steps of the wall clock", async () => {
  const clock = new VirtualClock();
  const ring = await openSmall(virtualDisk(), { clock });
  const before = ring.nowNs();
  assert.equal(before, clock.wallNs());
  clock.stepWall(-3_600_000_000_000n);
  await clock.advance(250);
  assert.equal(ring.nowNs() - before, 250_000_000n);
  await ring.openEpoch("drift");
  assert.equal(ring.nowNs(), clock.wallNs());
  await ring.close();
});
