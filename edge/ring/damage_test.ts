/** Any single damage to a segment: only the record that it hit is lost, and it is named. All of it: edge/ring/damage_bench.ts. */
import assert from "node:assert/strict";
import { countOf } from "#proto/ranges.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { fillSegment, flip, hitBy, readDamaged } from "./testing/damage.ts";
import { frame, namedGaps, numberOf, openSmall, readAll } from "./testing/rig.ts";

/** Small, so that every byte can be tried. */
const segmentBytes = 8192;

Deno.test("one random bit of every byte flipped: no other record is lost, none is read wrongly", async () => {
  const whole = await fillSegment(segmentBytes);
  const random = seededRandom(7);
  const bytes = whole.bytes.slice();
  for (let at = 0; at < bytes.length; at++) {
    const bit = 8 * at + random.integer(0, 7);
    flip(bytes, bit);
    const lost = readDamaged(bytes, whole, { last: undefined });
    assert.deepEqual(lost, hitBy(whole, { from: at, to: at + 1 }), `bit ${bit}`);
    flip(bytes, bit);
  }
});

Deno.test("cut at every 16th length: all before the cut is read, all behind it is named", async () => {
  const whole = await fillSegment(segmentBytes);
  const last = whole.records[whole.records.length - 1].seq;
  for (let length = 512; length < whole.bytes.length; length += 16) {
    const lost = readDamaged(whole.bytes.subarray(0, length), whole, { last });
    assert.deepEqual(lost, hitBy(whole, { from: length, to: whole.bytes.length }), `length ${length}`);
  }
});

const frames = 60;

/** A disk with three segments of class normal in an epoch that ended well, and their names. */
async function closedDisk(seed: number): Promise<{ disk: VirtualDisk; segments: string[] }> {
  const disk = new VirtualDisk(seededRandom(seed));
  const ring = await openSmall(disk, { seed });
  for (let number = 1; number <= frames; number++) await ring.append("normal", [frame(number, 300)]);
  await ring.close();
  const next = disk.kill();
  const names = (await next.list()).filter((name) => name.startsWith("segment")).sort();
  return { disk: next, segments: names.slice(1) };
}

/** Opens the ring on a damaged disk: what can be read of the frames, and what gap records name as damaged. */
async function reopen(disk: VirtualDisk) {
  const ring = await openSmall(disk, { seed: 99 });
  const numbers: number[] = [];
  for (const on of ring.onBoard()) {
    for (const record of await readAll(ring, on)) numbers.push(...[numberOf(record)].filter((n) => n !== undefined));
  }
  await ring.append("critical", [frame(1000)]);
  const gaps = await namedGaps(ring);
  assert.ok(gaps.every((gap) => gap.cause === "damaged" && gap.class === "normal"));
  await ring.close();
  return { numbers, named: countOf(gaps.map(({ range }) => range)) };
}

Deno.test("a ring opens over any flipped bit, and each frame is either read or named", async () => {
  const random = seededRandom(5);
  for (let seed = 1; seed <= 60; seed++) {
    const { disk, segments } = await closedDisk(seed);
    const name = segments[seed % segments.length];
    let bit = -1;
    for (const image of disk.images(name)) flip(image, bit < 0 ? bit = random.integer(0, 8 * image.length - 1) : bit);
    const { numbers, named } = await reopen(disk);
    assert.ok(named <= 1 && numbers.length === frames - named, `bit ${bit} of ${name}: ${numbers.length}, ${named}`);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  }
});

Deno.test("a ring opens over a segment cut anywhere, and each frame is either read or named", async () => {
  const random = seededRandom(6);
  for (let seed = 1; seed <= 60; seed++) {
    const { disk, segments } = await closedDisk(seed);
    const name = segments[seed % segments.length];
    const file = await disk.open(name);
    const length = random.integer(0, await file.size());
    await file.truncate(length);
    await file.close();
    const { numbers, named } = await reopen(disk);
    assert.equal(numbers.length + named, frames, `${name} cut to ${length}: ${numbers.length}, ${named}`);
  }
});
