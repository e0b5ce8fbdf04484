/** Ten times more than the ring holds, in four classes: what was written is delivered or reported lost, to the record. */
import assert from "node:assert/strict";
import { type Class, classes } from "#proto/class.ts";
import type { Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";
import { gapOf } from "./own_frames.ts";
import type { Ring } from "./ring.ts";
import { frame, openSmall, smallRingBytes } from "./testing/rig.ts";

/** What a cloud would know: it learns of losses by the gap records that are delivered to it, and by nothing else. */
class Cloud {
  readonly delivered = new Set<string>();
  readonly reported = new Set<string>();

  /** Takes a part of what is on board without a verdict, the most precious first, and gives it its verdict. */
  async drain(ring: Ring, { share, random }: { share: number; random: SeededRandom }): Promise<void> {
    for (const className of classes) {
      for (const { epoch, unsettled } of ring.onBoard().filter((on) => on.class === className)) {
        for (const range of unsettled) {
          if (className === "critical" || random.fraction() < share) {
            await this.#take(ring, { epoch, className, range });
          }
        }
      }
    }
  }

  async #take(
    ring: Ring,
    { epoch, className, range }: { epoch: Epoch; className: Class; range: { first: number; last: number } },
  ): Promise<void> {
    for (let first = range.first; first <= range.last;) {
      const records = await ring.read({ epoch, class: className, first, last: range.last, bytesMax: 4_000 });
      if (records.length === 0) return;
      for (const record of records) {
        this.delivered.add(`${epoch} ${className} ${record.seq}`);
        const gap = gapOf(record);
        if (gap === undefined) continue;
        for (let seq = gap.range.first; seq <= gap.range.last; seq++) {
          this.reported.add(`${gap.epoch} ${gap.class} ${seq}`);
        }
      }
      const last = first + records.length - 1;
      ring.settle(epoch, className, [{ first, last }]);
      first = last + 1;
    }
  }
}

const weights = { critical: 60, event: 30, normal: 300, bulk: 600 } as const;

Deno.test("of ten times what the ring holds, all is delivered or reported lost, exactly; critical records are kept", async () => {
  const random = seededRandom(3);
  let disk = new VirtualDisk(random);
  let ring = await openSmall(disk, { random });
  const cloud = new Cloud();
  const written = new Set<string>();
  let bytes = 0;
  for (let round = 0; bytes < 10 * smallRingBytes; round++) {
    for (const className of classes) {
      if (className === "critical" && round % 10 > 0) continue;
      const count = random.integer(1, 4);
      const frames = Array.from({ length: count }, () => frame(round, weights[className]));
      bytes += count * weights[className];
      // What finds only records that are more precious on board is refused to its caller's face.
      const answer = await ring.append(className, frames).catch(({ code }: Fault) => assert.equal(code, "ring_full"));
      if (answer === undefined) continue;
      const { epoch, first, last, state } = answer;
      assert.equal(state, "durable");
      for (let seq = first; seq <= last; seq++) written.add(`${epoch} ${className} ${seq}`);
    }
    if (round % 4 === 0) await cloud.drain(ring, { share: 0.05, random });
    if (round % 150 === 149) {
      const before = disk.peakBytes;
      disk = round % 300 === 149 ? disk.kill() : disk.powerCut();
      ring = await openSmall(disk, { random });
      assert.ok(before <= smallRingBytes);
    }
  }
  assert.ok(disk.peakBytes <= smallRingBytes, `cap passed: ${disk.peakBytes}`);
  await cloud.drain(ring, { share: 1, random });
  const lost = [...written].filter((place) => !cloud.delivered.has(place));
  assert.ok(lost.length > written.size / 4, "the ring did overflow");
  assert.deepEqual(lost.filter((place) => !cloud.reported.has(place)), [], "lost and not reported");
  assert.deepEqual([...cloud.reported].filter((place) => !written.has(place)), [], "reported and never written");
  assert.deepEqual([...cloud.reported].filter((place) => cloud.delivered.has(place)), [], "reported and delivered");
  assert.deepEqual(lost.filter((place) => place.includes("critical")), [], "critical records are kept");
  await ring.close();
});
