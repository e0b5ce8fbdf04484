/** The next segment's file is made ahead of its need, beside the commits, and costs no record. */
import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { type DiskCall, VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { ringRetryMs } from "../limits.ts";
import { spareName } from "./files.ts";
import type { Ring } from "./ring.ts";
import { frame, namedGaps, openSmall, smallRingBytes } from "./testing/rig.ts";

async function start() {
  const clock = new VirtualClock();
  const disk = new VirtualDisk(seededRandom(1));
  const ring = await openSmall(disk, { clock });
  await clock.advance(0);
  return { clock, disk, ring };
}

/** Appends to class normal until a segment is begun; returns the calls of the commit that did. */
async function untilRoll({ disk, ring }: { disk: VirtualDisk; ring: Ring }): Promise<DiskCall[]> {
  for (let number = 1;; number++) {
    const calls: DiskCall[] = [];
    const segments = ring.stats().segments;
    disk.onCall = (call) => void calls.push(call);
    await ring.append("normal", [frame(number, 900)]);
    const isBegun = ring.stats().segments > segments || calls.some(({ verb }) => verb === "rename");
    if (isBegun && number > 1) return calls;
  }
}

const inSegment = ({ name }: DiskCall) => name.startsWith("segment");
const hasSpare = async (disk: VirtualDisk) => (await disk.list()).includes(spareName);

Deno.test("beginning a segment costs its commit a rename; the next spare is made behind the answer", async () => {
  const { clock, disk, ring } = await start();
  assert.ok(await hasSpare(disk));
  const calls = await untilRoll({ disk, ring });
  assert.deepEqual(calls.filter(({ verb }) => verb === "rename").map(({ name }) => name), [spareName]);
  assert.deepEqual(calls.filter(inSegment).map(({ verb }) => verb), ["close", "open", "write", "sync"]);
  await clock.advance(0);
  assert.ok(await hasSpare(disk), "the next one is made at once");
  await ring.close();
});

Deno.test("a spare that takes its time holds no commit up, and is counted while it grows", async () => {
  const { clock, disk, ring } = await start();
  await untilRoll({ disk, ring });
  await clock.advance(0);
  const gate = Promise.withResolvers<void>();
  await untilRoll({ disk, ring });
  disk.onCall = ({ verb, name }) => verb === "allocate" && name === spareName ? gate.promise : undefined;
  await clock.advance(0);
  const before = ring.stats().bytesUsed;
  assert.equal((await ring.append("normal", [frame(1)])).state, "durable");
  assert.ok(ring.stats().bytesUsed >= disk.usedBytes && ring.stats().bytesUsed === before);
  gate.resolve();
  await clock.advance(0);
  assert.equal(ring.stats().bytesUsed, before);
  await ring.close();
});

Deno.test("a spare that cannot be made is tried again, and its remains are removed", async () => {
  const { clock, disk, ring } = await start();
  await untilRoll({ disk, ring });
  disk.onCall = ({ verb, name }) => {
    if (verb === "sync" && name === spareName) throw new Fault("disk_failed", "Cannot sync: EIO");
  };
  await clock.advance(0);
  disk.onCall = () => {};
  await clock.advance(2 * ringRetryMs);
  assert.ok(await hasSpare(disk));
  assert.ok(ring.stats().bytesUsed >= disk.usedBytes);
  await ring.close();
});

Deno.test("at the cap nothing without a verdict is given up for a spare; what has one gives its file", async () => {
  const { clock, disk, ring } = await start();
  const lost = async () => (await namedGaps(ring)).reduce((sum, { range }) => Math.max(sum, range.last), 0);
  for (let number = 1; await lost() === 0; number++) await ring.append("normal", [frame(number, 900)]);
  await clock.advance(10 * ringRetryMs);
  const before = await lost();
  assert.ok(!await hasSpare(disk));
  const { held } = ring.onBoard().find((on) => on.class === "normal") ?? { held: [] };
  assert.equal(held[0].first, before + 1, "nothing more went");
  ring.settle(ring.epoch, "normal", [{ first: 1, last: held[0].first + 20 }]);
  await ring.append("normal", [frame(1)]);
  await clock.advance(2 * ringRetryMs);
  await ring.append("normal", [frame(2)]);
  assert.ok(await hasSpare(disk));
  assert.equal(await lost(), before);
  assert.ok(disk.peakBytes <= smallRingBytes);
  await ring.close();
});

Deno.test("a start takes over the spare that it finds, and throws away an unfinished one", async () => {
  const { disk, ring } = await start();
  await ring.close();
  const next = disk.kill();
  const calls: string[] = [];
  next.onCall = ({ verb, name }) => void (name === spareName && calls.push(verb));
  const again = await openSmall(next, { seed: 2 });
  assert.deepEqual(calls.slice(0, 3), ["open", "close", "rename"], "the first segment is made of it");
  await again.close();
  const third = next.kill();
  const file = await third.open(spareName);
  await file.truncate(100);
  const clock = new VirtualClock();
  const last = await openSmall(third, { seed: 3, clock });
  await clock.advance(0);
  const spare = await third.open(spareName);
  assert.equal(await spare.size(), 8192);
  await last.close();
});
