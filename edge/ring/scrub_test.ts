import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { ringScrubBytesPerSecond, ringScrubRoundMs } from "../limits.ts";
import { segmentName } from "./files.ts";
import type { Ring } from "./ring.ts";
import { frame, namedGaps, openSmall } from "./testing/rig.ts";

/** A ring with some full segments of class normal, the first of them number 2, and a record in the middle of one damaged. */
async function spoiltRing(number = 3) {
  const clock = new VirtualClock();
  const disk = new VirtualDisk(seededRandom(1));
  const ring = await openSmall(disk, { clock });
  for (let n = 1; n <= 60; n++) await ring.append("normal", [frame(n, 600)]);
  spoil(disk, number);
  const read: string[] = [];
  disk.onCall = ({ verb, name }) => {
    if (verb === "read") read.push(name);
  };
  return { clock, disk, ring, read };
}

function spoil(disk: VirtualDisk, number: number): void {
  for (const image of disk.images(segmentName(number))) image[4000] ^= 1;
}

async function causes(ring: Ring): Promise<string[]> {
  return (await namedGaps(ring)).map(({ class: name, cause, range }) =>
    `${name} ${cause} ${range.last - range.first + 1}`
  );
}

Deno.test("damage is found and named before anybody asks for the record", async () => {
  const { clock, ring } = await spoiltRing();
  await clock.advance(60_000);
  assert.deepEqual(await causes(ring), ["normal damaged 1"]);
  await clock.advance(2 * ringScrubRoundMs);
  assert.deepEqual(await causes(ring), ["normal damaged 1"], "and only once");
  await ring.close();
});

Deno.test("looking through keeps its rate, leaves open segments alone, and begins again after a while", async () => {
  const { clock, disk, ring } = await spoiltRing();
  const open = (await disk.list()).filter((name) => name.startsWith("segment")).sort().at(-1) ?? "";
  const reads: { name: string; atMs: number }[] = [];
  disk.onCall = ({ verb, name }) => void (verb === "read" && reads.push({ name, atMs: clock.uptimeMs() }));
  await clock.advance(60_000);
  const names = reads.map(({ name }) => name);
  assert.ok(names.length >= 4 && new Set(names).size === names.length, `${names}`);
  assert.deepEqual(names, names.toSorted(), "oldest first");
  assert.ok(!names.includes(open) && !names.includes(segmentName(1)));
  const paceMs = 8192 / ringScrubBytesPerSecond * 1000;
  assert.ok(reads.every(({ atMs }, i) => i === 0 || atMs - reads[i - 1].atMs >= paceMs - 1e-6));
  assert.deepEqual(await causes(ring), ["normal damaged 1"]);
  spoil(disk, 2);
  const before = reads.length;
  await clock.advance(ringScrubRoundMs);
  assert.ok(reads[before].atMs - reads[names.length - 1].atMs >= ringScrubRoundMs);
  assert.equal((await causes(ring)).length, 2);
  await ring.close();
});

Deno.test("it waits while somebody waits for the disk", async () => {
  const { clock, disk, ring, read } = await spoiltRing();
  const count = disk.onCall;
  const gate = Promise.withResolvers<void>();
  disk.onCall = (call) => call.verb === "sync" ? gate.promise : count(call);
  const answer = ring.append("event", [frame(1)]);
  await clock.advance(60_000);
  assert.deepEqual(read, []);
  gate.resolve();
  assert.equal((await answer).state, "buffered");
  await clock.advance(60_000);
  assert.ok(read.length > 0);
  await ring.close();
});

Deno.test("records with a verdict are not looked at, and a disk that cannot be read damages nothing", async () => {
  const { clock, disk, ring, read } = await spoiltRing();
  const count = disk.onCall;
  disk.onCall = (call) => {
    count(call);
    if (call.verb === "read") throw new Fault("disk_failed", "Cannot read: EIO");
  };
  await clock.advance(60_000);
  assert.ok(read.length > 0);
  assert.deepEqual(await causes(ring), []);
  disk.onCall = count;
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 60 }]);
  read.length = 0;
  await clock.advance(2 * ringScrubRoundMs);
  assert.deepEqual(read, []);
  assert.deepEqual(await causes(ring), []);
  await ring.close();
});
