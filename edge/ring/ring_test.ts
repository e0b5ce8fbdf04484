import assert from "node:assert/strict";
import { classes } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import { formatRanges } from "#proto/ranges.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { openDisk } from "../io/disk.ts";
import { openRing, type Ring, type RingEvent } from "./ring.ts";
import { ringWatermarkIntervalMs } from "../limits.ts";
import { frame, namedGaps, numberOf, openSmall, readAll, silent, smallRingBytes } from "./testing/rig.ts";

const KiB = 1024;

function virtualDisk(seed = 1): VirtualDisk {
  return new VirtualDisk(seededRandom(seed));
}

/** Appends frames numbered from `from` on, each weighing some bytes, one call each, and waits for all. */
async function fill(
  ring: Ring,
  options: { class: "bulk" | "normal" | "event"; from: number; to: number; bytes: number },
) {
  for (let number = options.from; number <= options.to; number++) {
    await ring.append(options.class, [frame(number, options.bytes)]);
  }
}

async function numbersOn(ring: Ring): Promise<number[]> {
  const numbers: number[] = [];
  for (const on of ring.onBoard()) {
    for (const record of await readAll(ring, on)) numbers.push(numberOf(record) ?? Number.NaN);
  }
  return numbers.filter((number) => !Number.isNaN(number));
}

/** Class and seq of all records that a gap record names. */
async function namedPlaces(ring: Ring): Promise<Set<string>> {
  const places = new Set<string>();
  for (const { class: name, range } of await namedGaps(ring)) {
    for (let seq = range.first; seq <= range.last; seq++) places.add(`${name} ${seq}`);
  }
  return places;
}

async function rejection(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(() => "fulfilled", (thrown) => thrown);
  assert.ok(thrown instanceof Fault, String(thrown));
  return thrown.code;
}

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

Deno.test("old epochs stay readable run by run, within the bytes asked for", async () => {
  const disk = virtualDisk();
  const first = await openSmall(disk);
  await fill(first, { class: "normal", from: 1, to: 60, bytes: 300 });
  const ring = await openSmall(disk.kill(), { seed: 2 });
  const on = ring.onBoard().find((on) => on.epoch === first.epoch && on.class === "normal");
  assert.equal(formatRanges(on?.held ?? []), "1-60");
  const run = await ring.read({ epoch: first.epoch, class: "normal", first: 7, last: 60, bytesMax: 1000 });
  assert.deepEqual(run.map(numberOf), [7, 8, 9]);
  const one = await ring.read({ epoch: first.epoch, class: "normal", first: 7, last: 60, bytesMax: 1 });
  assert.deepEqual(one.map(({ seq }) => seq), [7]);
  assert.deepEqual(await ring.read({ epoch: first.epoch, class: "normal", first: 61, last: 70, bytesMax: 1 }), []);
  assert.deepEqual((await numbersOn(ring)).length, 60);
  await ring.close();
});

Deno.test("recent records come from memory, not from the disk", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  await fill(ring, { class: "normal", from: 1, to: 20, bytes: 100 });
  const calls = disk.calls;
  const run = await ring.read({ epoch: ring.epoch, class: "normal", first: 5, last: 9, bytesMax: 10_000 });
  assert.deepEqual(run.map(numberOf), [5, 6, 7, 8, 9]);
  assert.equal(disk.calls, calls);
  await ring.close();
});

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

Deno.test("settled records stay until space is needed, and stay settled after a restart", async () => {
  const disk = virtualDisk();
  const first = await openSmall(disk);
  await fill(first, { class: "normal", from: 1, to: 30, bytes: 100 });
  first.settle(first.epoch, "normal", [{ first: 1, last: 10 }, { first: 21, last: 999 }]);
  await first.close();
  const ring = await openSmall(disk.kill(), { seed: 2 });
  const on = ring.onBoard().find((on) => on.class === "normal");
  assert.equal(formatRanges(on?.held ?? []), "1-30");
  assert.equal(formatRanges(on?.unsettled ?? []), "11-20");
  assert.equal(on?.durable, 30);
  await ring.close();
});

Deno.test("a verdict taken back holds until the next one, also over a restart, and asks for no more than is held", async () => {
  const disk = virtualDisk();
  const first = await openSmall(disk);
  await fill(first, { class: "normal", from: 1, to: 30, bytes: 100 });
  const { epoch } = first;
  first.settle(epoch, "normal", [{ first: 1, last: 30 }]);
  assert.equal(formatRanges(first.unsettle(epoch, "normal", [{ first: 21, last: 99 }])), "21-30");
  assert.equal(formatRanges(first.unsettle(epoch, "bulk", [{ first: 1, last: 1 }])), "");
  assert.equal(formatRanges(first.unsettle(parseEpoch(5n), "normal", [{ first: 1, last: 1 }])), "");
  await first.close();
  const ring = await openSmall(disk.kill(), { seed: 2 });
  const unsettled = () => formatRanges(ring.onBoard().find((on) => on.class === "normal")?.unsettled ?? []);
  assert.equal(unsettled(), "21-30");
  ring.settle(epoch, "normal", [{ first: 21, last: 30 }]);
  assert.equal(unsettled(), "");
  await ring.close();
});

Deno.test("a power cut may forget that a verdict was taken back: the records are there and count as settled", async () => {
  const clock = new VirtualClock();
  const disk = virtualDisk();
  const first = await openSmall(disk, { clock });
  await fill(first, { class: "normal", from: 1, to: 30, bytes: 100 });
  await clock.advance(ringWatermarkIntervalMs);
  first.settle(first.epoch, "normal", [{ first: 1, last: 30 }]);
  await first.append("event", [frame(31)]);
  first.unsettle(first.epoch, "normal", [{ first: 1, last: 30 }]);
  const ring = await openSmall(disk.powerCut(), { seed: 2 });
  const on = ring.onBoard().find((on) => on.class === "normal");
  assert.deepEqual([formatRanges(on?.held ?? []), formatRanges(on?.unsettled ?? [])], ["1-30", ""]);
  await ring.close();
});

Deno.test("what was asked for again outlives what is settled, and is named when it must go all the same", async () => {
  const ring = await openSmall(virtualDisk());
  await fill(ring, { class: "normal", from: 1, to: 100, bytes: 500 });
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 100 }]);
  assert.equal(formatRanges(ring.unsettle(ring.epoch, "normal", [{ first: 1, last: 30 }])), "1-30");
  await fill(ring, { class: "normal", from: 101, to: 190, bytes: 500 });
  const kept = await numbersOn(ring);
  assert.ok(kept.includes(1) && kept.includes(30) && !kept.includes(60), kept.join());
  assert.deepEqual(await namedGaps(ring), []);
  await fill(ring, { class: "normal", from: 191, to: 400, bytes: 500 });
  assert.ok(!(await numbersOn(ring)).includes(1));
  assert.ok((await namedPlaces(ring)).has("normal 1"));
  await ring.close();
});

Deno.test("a verdict that is taken back while its segment is being given up is a loss, and named", async () => {
  const disk = virtualDisk();
  const lost: string[] = [];
  const ring = await openSmall(disk, {
    onEvent: (event) => event.kind === "lost" && lost.push(formatRanges([event.range])),
  });
  await fill(ring, { class: "normal", from: 1, to: 150, bytes: 500 });
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 150 }]);
  let asked = "";
  disk.onCall = ({ verb, name }) => {
    // The watermark is written when victims are chosen and their losses counted.
    if (asked === "" && verb === "sync" && name.startsWith("watermark")) {
      asked = formatRanges(ring.unsettle(ring.epoch, "normal", [{ first: 1, last: 2 }]));
    }
  };
  await fill(ring, { class: "normal", from: 151, to: 250, bytes: 500 });
  assert.equal(asked, "1-2");
  assert.deepEqual(lost, ["1-2"]);
  assert.ok(!(await numbersOn(ring)).includes(1));
  const gaps = await namedGaps(ring);
  assert.deepEqual(gaps.map(({ range, cause }) => [formatRanges([range]), cause]), [["1-2", "overwritten"]]);
  await ring.close();
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

Deno.test("records that cannot be taken are refused alone: too large, none, closed", async () => {
  const ring = await openSmall(virtualDisk());
  assert.equal(await rejection(ring.append("normal", [frame(1), frame(2, 9000)])), "too_large");
  assert.equal(await rejection(ring.append("normal", [])), "bad_frame");
  assert.deepEqual((await ring.append("normal", [frame(3)])).first, 1);
  await ring.close();
  assert.equal(await rejection(ring.append("normal", [frame(4)])), "unavailable");
});

Deno.test("a stalled disk lets only so much wait", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  const gate = Promise.withResolvers<void>();
  disk.onCall = ({ verb }) => verb === "sync" ? gate.promise : undefined;
  const frames = Array.from({ length: 1000 }, (_, i) => frame(i, 4000));
  const waiting = Array.from({ length: 6 }, () => ring.append("bulk", frames).catch((fault: Fault) => fault.code));
  assert.equal(await rejection(ring.append("normal", [frame(1)])), "unavailable");
  gate.resolve();
  await Promise.all(waiting);
  await ring.close();
});

Deno.test("a ring too small for its segments is refused in words", async () => {
  await assert.rejects(
    () => openSmall(virtualDisk(), { bytesMax: 64 * KiB }),
    (thrown) => thrown instanceof Fault && thrown.code === "bad_config" && thrown.message.includes("at least 16"),
  );
});

Deno.test("on a real directory a ring keeps its records over a restart, and nobody else may open it meanwhile", async () => {
  const path = await Deno.makeTempDir({ prefix: "systemscale-ring-" });
  try {
    const options = {
      clock: new VirtualClock(),
      log: silent,
      boot: new Uint8Array(16),
      clockSynchronized: true,
    } as const;
    const rest = { ...options, bytesMax: smallRingBytes, segmentBytes: 8 * KiB, whenFull: "overwrite" } as const;
    const first = await openRing({ ...rest, disk: await openDisk(path), random: seededRandom(1) });
    await fill(first, { class: "normal", from: 1, to: 200, bytes: 300 });
    assert.equal(await rejection(openDisk(path)), "ring_in_use");
    await first.close();
    const ring = await openRing({ ...rest, disk: await openDisk(path), random: seededRandom(2) });
    const [kept, named] = [await numbersOn(ring), await namedPlaces(ring)];
    assert.ok(kept.includes(200));
    for (let seq = 1; seq <= 200; seq++) assert.ok(kept.includes(seq) !== named.has(`normal ${seq}`), `seq ${seq}`);
    await ring.close();
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("figures tell the fill, what a verdict gives back, and the hours of cover", async () => {
  const clock = new VirtualClock();
  const disk = virtualDisk();
  const options = { disk, clock, random: seededRandom(1), log: silent, boot: new Uint8Array(16) };
  const ring = await openRing({ ...options, bytesMax: 4096 * KiB, whenFull: "overwrite", clockSynchronized: true });
  for (let second = 0; second < 60; second++) {
    await ring.append("normal", [frame(second, 1000)]);
    await clock.advance(1000);
  }
  const stats = ring.stats();
  assert.ok(stats.bytesUsed <= stats.bytesMax && stats.bytesUsed >= disk.usedBytes);
  assert.ok(Math.abs(stats.appendBytesPerSecond - 1030) < 50, `${stats.appendBytesPerSecond} bytes a second`);
  assert.equal(stats.bytesReclaimable, 0);
  assert.ok(stats.coverMs !== undefined && stats.coverMs > 2_000_000);
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 60 }]);
  assert.ok(ring.stats().bytesReclaimable > 0);
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
