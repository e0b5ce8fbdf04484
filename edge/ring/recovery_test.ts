import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import type { VirtualDisk } from "#proto/testing/disk.ts";
import type { RingEvent } from "./ring.ts";
import { fill, frame, namedGaps, numbersOn, openSmall, rejection, virtualDisk } from "./testing/rig.ts";

Deno.test("a disk that cannot shorten files when the ring is opened costs no record", async () => {
  for (const failing of ["truncate", "sync"]) {
    const disk = virtualDisk();
    await fill(await openSmall(disk), { class: "normal", from: 1, to: 5, bytes: 100 });
    const next = disk.powerCut();
    next.onCall = ({ verb }) => {
      if (verb === failing) throw new Fault("disk_failed", `Cannot ${verb}: input/output error`);
    };
    const ring = await openSmall(next, { seed: 2 });
    assert.deepEqual(await numbersOn(ring), [1, 2, 3, 4, 5]);
    next.onCall = () => {};
    await ring.close();
  }
});

Deno.test("a segment that cannot be read when the ring is opened is left alone, and read at the next start", async () => {
  const disk = virtualDisk();
  await fill(await openSmall(disk), { class: "normal", from: 1, to: 5, bytes: 100 });
  const next = disk.powerCut();
  const segments = new Set((await next.list()).filter((name) => name.startsWith("segment-")));
  const reads = new Map<string, number>();
  next.onCall = ({ verb, name }) => {
    if (verb !== "read" || !segments.has(name)) return;
    reads.set(name, (reads.get(name) ?? 0) + 1);
    // The header can be read, and nothing behind it.
    if (reads.get(name)! > 1) throw new Fault("disk_failed", "Cannot read: input/output error");
  };
  const ring = await openSmall(next, { seed: 2 });
  next.onCall = () => {};
  // Much more than fits: everything that may be given up goes.
  await fill(ring, { class: "normal", from: 100, to: 900, bytes: 400 });
  const last = next.powerCut();
  const again = await openSmall(last, { seed: 3 });
  assert.deepEqual((await numbersOn(again)).filter((number) => number < 100), [1, 2, 3, 4, 5]);
  await again.close();
});

Deno.test("a record damaged on disk is named once, the others are read, and the uplink is told", async () => {
  const disk = virtualDisk();
  const first = await openSmall(disk);
  await fill(first, { class: "normal", from: 1, to: 30, bytes: 100 });
  await first.close();
  const next = disk.kill();
  for (const image of next.images("segment-000000000002")) image[3000] ^= 0x10;
  const events: RingEvent[] = [];
  const ring = await openSmall(next, { seed: 2, onEvent: (event) => events.push(event) });
  assert.equal((await numbersOn(ring)).length, 29);
  await ring.append("critical", [frame(31)]);
  const gaps = await namedGaps(ring);
  assert.deepEqual(gaps.map(({ epoch, class: name, cause }) => [epoch, name, cause]), [[
    first.epoch,
    "normal",
    "damaged",
  ]]);
  assert.equal(gaps[0].range.first, gaps[0].range.last);
  assert.deepEqual(events.filter(({ kind }) => kind === "lost").length, 1);
  await ring.close();
  const again = await openSmall(next.kill(), { seed: 3 });
  assert.equal((await numbersOn(again)).length, 30);
  assert.equal((await namedGaps(again)).length, 1);
  await again.close();
});

Deno.test("a torn tail is cut without a word: nobody was promised it", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const disk = virtualDisk(seed);
    const ring = await openSmall(disk);
    await fill(ring, { class: "normal", from: 1, to: 5, bytes: 700 });
    let next: VirtualDisk | undefined;
    disk.onCall = ({ verb }) => {
      if (verb === "sync") next = disk.powerCut();
    };
    assert.equal(await rejection(ring.append("normal", [frame(6, 3000)])), "disk_failed");
    assert.ok(next);
    const again = await openSmall(next, { seed: 2 });
    const numbers = await numbersOn(again);
    assert.deepEqual(numbers.slice(0, 5), [1, 2, 3, 4, 5]);
    await again.close();
  }
});
