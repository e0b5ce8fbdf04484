import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import type { VirtualDisk } from "#proto/testing/disk.ts";
import {
  fill,
  frame,
  namedGaps,
  namedPlaces,
  numbersOn,
  openSmall,
  smallRingBytes,
  virtualDisk,
} from "./testing/rig.ts";

Deno.test("a full ring gives up its oldest records of the lowest class and names each range; the cap holds", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  const weights = { bulk: 400, normal: 400, event: 100 } as const;
  let number = 0;
  const places = new Map<number, string>();
  for (let round = 0; round < 400; round++) {
    for (const name of ["bulk", "normal", "event"] as const) {
      if (name === "event" && round % 20 > 0) continue;
      const place = await ring.append(name, [frame(++number, weights[name])]).catch(() => undefined);
      if (place !== undefined) places.set(number, `${name} ${place.first}`);
    }
  }
  const kept = new Set(await numbersOn(ring));
  const named = await namedPlaces(ring);
  for (const [number, place] of places) {
    assert.equal(named.has(place), !kept.has(number), `${place} is either kept or named`);
  }
  assert.ok([...named].every((place) => !place.startsWith("event")), "the more precious class is kept");
  assert.ok(disk.peakBytes <= smallRingBytes);
  await ring.close();
});

Deno.test("gap records outlive their own segments: a flood of critical records loses no account", async () => {
  const ring = await openSmall(virtualDisk());
  await fill(ring, { class: "bulk", from: 1, to: 300, bytes: 500 });
  for (let number = 301; number <= 700; number++) await ring.append("critical", [frame(number, 500)]);
  const kept = await numbersOn(ring);
  const named = await namedPlaces(ring);
  assert.ok(kept.includes(700) && !kept.includes(301));
  for (let seq = 1; seq <= 300; seq++) assert.ok(named.has(`bulk ${seq}`) || kept.includes(seq), `bulk ${seq}`);
  const { durable } = ring.onBoard()[0];
  for (let seq = 1; seq < 200; seq++) assert.ok(named.has(`critical ${seq}`), `critical ${seq} of ${durable}`);
  await ring.close();
});

Deno.test("by policy a full ring refuses new records, keeps the old ones, and takes new ones after verdicts", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk, { whenFull: "refuse" });
  let number = 0;
  let code = "";
  while (code === "") {
    const outcome = await ring.append("normal", [frame(++number, 500)]).catch((fault: Fault) => fault.code);
    if (typeof outcome === "string") code = outcome;
  }
  assert.equal(code, "ring_full");
  assert.equal((await numbersOn(ring)).length, number - 1);
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 40 }]);
  await ring.append("normal", [frame(++number, 500)]);
  assert.deepEqual(await namedGaps(ring), []);
  const left = await numbersOn(ring);
  assert.ok(left.includes(41) && left.includes(number) && !left.includes(1));
  await ring.close();
});

/** What the files take on a disk that gives out blocks. */
async function blockBytesOf(disk: VirtualDisk): Promise<number> {
  const sizes = (await disk.list()).map((name) => [...disk.images(name)][0].length);
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 4096) * 4096, 0);
}

Deno.test("the cap is kept although the disk removes no files", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  // Ended epochs leave short segments, so that several must go for a new one.
  for (let epoch = 0; epoch < 40; epoch++) {
    await fill(ring, { class: "normal", from: epoch, to: epoch, bytes: 200 });
    for (const on of ring.onBoard()) ring.settle(on.epoch, on.class, on.held);
    await ring.openEpoch("drift");
  }
  disk.onCall = ({ verb }) => {
    if (verb === "remove") throw new Fault("disk_failed", "Cannot remove: input/output error");
  };
  const answers = new Set<string>();
  for (let number = 0; number < 400; number++) {
    answers.add(await ring.append("normal", [frame(number, 200)]).then(() => "durable", ({ code }) => code));
    const used = await blockBytesOf(disk);
    assert.ok(used <= smallRingBytes, `${used} bytes`);
  }
  assert.ok(answers.has("disk_failed"), [...answers].join());
  disk.onCall = () => {};
  await ring.append("normal", [frame(1_000)]);
  await ring.close();
});
