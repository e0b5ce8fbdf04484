/** What callers are told while the disk is silent, full or failing, and how the ring gets well again by itself. */
import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { answerMsMax, ringAnswerMs } from "../limits.ts";
import type { Appended, NewFrame, Ring, RingEvent, RingOptions } from "./ring.ts";
import { frame, namedGaps, numberOf, openSmall, readAll } from "./testing/rig.ts";

/** A ring under way, with what it told. */
async function start(options: Partial<RingOptions> = {}) {
  const clock = new VirtualClock();
  const disk = new VirtualDisk(seededRandom(1));
  const events: RingEvent[] = [];
  const ring = await openSmall(disk, { clock, onEvent: (event) => events.push(event), ...options });
  return { clock, disk, ring, events };
}

function fails({ verb, name }: { verb: string; name: string }): never {
  throw new Fault("disk_failed", `Cannot ${verb} "${name}": EIO`);
}

/** An append's answer in one word, once there is one. */
function follow(answer: Promise<Appended>): { word: string } {
  const seen = { word: "" };
  answer.then(({ state, first }) => seen.word = `${state} ${first}`, ({ code }: Fault) => seen.word = code);
  return seen;
}

async function numbersOn(ring: Ring): Promise<number[]> {
  const records = await Promise.all(ring.onBoard().map((on) => readAll(ring, on)));
  return records.flat().flatMap((record) => numberOf(record) ?? []);
}

const normal = (ring: Ring, ...frames: NewFrame[]) => follow(ring.append("normal", frames));
const second = { class: "normal", first: 2, last: 2, bytesMax: 1000 } as const;

Deno.test("a silent disk: callers are told `buffered` in time, and the records are durable when it answers", async () => {
  const { clock, disk, ring, events } = await start();
  await ring.append("normal", [frame(1)]);
  const gate = Promise.withResolvers<void>();
  disk.onCall = ({ verb }) => verb === "sync" ? gate.promise : undefined;
  const [one, other] = [normal(ring, frame(2)), follow(ring.append("critical", [frame(3)]))];
  await clock.advance(ringAnswerMs - 1);
  const late = normal(ring, frame(4));
  assert.deepEqual([one.word, other.word, late.word], ["", "", ""]);
  await clock.advance(1);
  assert.deepEqual([one.word, other.word, late.word], ["buffered 2", "buffered 2", ""]);
  await clock.advance(answerMsMax);
  assert.equal(late.word, "buffered 3");
  assert.deepEqual(await ring.read({ ...second, epoch: ring.epoch }), [], "what is not durable is not given away");
  assert.equal(ring.stats().buffered, 3);
  assert.match(ring.stats().fault?.message ?? "", /has not answered for 180 ms/);
  const before = events.length;
  gate.resolve();
  await clock.advance(0);
  assert.equal((await ring.read({ ...second, epoch: ring.epoch })).length, 1);
  assert.deepEqual(events.slice(before).map((event) => event.kind), ["appended", "appended"]);
  assert.deepEqual([ring.stats().buffered, ring.stats().fault], [0, undefined]);
  const again = await openSmall(disk.powerCut(), { seed: 2 });
  assert.deepEqual((await numbersOn(again)).toSorted(), [1, 2, 3, 4]);
  await again.close();
});

Deno.test("a silent disk that then fails: what is buffered keeps its place and is tried again, others are refused", async () => {
  const { clock, disk, ring } = await start();
  await ring.append("normal", [frame(1)]);
  const gate = Promise.withResolvers<void>();
  disk.onCall = (call) => call.verb === "sync" ? gate.promise.then(() => fails(call)) : undefined;
  const early = normal(ring, frame(2), frame(3));
  await clock.advance(answerMsMax);
  const young = normal(ring, frame(4));
  gate.resolve();
  await clock.advance(0);
  assert.deepEqual([early.word, young.word], ["buffered 2", "disk_failed"]);
  await clock.advance(5_000);
  assert.deepEqual([ring.stats().buffered, ring.stats().fault?.code], [2, "disk_failed"]);
  const refused = normal(ring, frame(5));
  await clock.advance(0);
  assert.equal(refused.word, "disk_failed");
  disk.onCall = () => {};
  await clock.advance(2_000);
  assert.deepEqual([ring.stats().buffered, ring.stats().fault], [0, undefined]);
  assert.deepEqual(await numbersOn(ring), [1, 2, 3]);
  const next = normal(ring, frame(6));
  await clock.advance(0);
  assert.match(next.word, /durable/);
  const again = await openSmall(disk.powerCut(), { seed: 2 });
  assert.deepEqual(await numbersOn(again), [1, 2, 3, 6]);
  await again.close();
});

Deno.test("what was refused counts as no loss: its seqs are named as refused, without a caller's help", async () => {
  const { clock, disk, ring, events } = await start();
  await ring.append("normal", [frame(1)]);
  disk.onCall = (call) => call.verb === "sync" ? fails(call) : undefined;
  const refused = normal(ring, frame(2), frame(3));
  await clock.advance(0);
  assert.equal(refused.word, "disk_failed");
  disk.onCall = () => {};
  await clock.advance(2_000);
  const range = { first: 2, last: 3 };
  assert.deepEqual(await namedGaps(ring), [{ epoch: ring.epoch, class: "normal", range, cause: "refused" }]);
  assert.deepEqual(events.filter(({ kind }) => kind === "lost"), []);
  await ring.close();
});

Deno.test("what was buffered and finds the ring full is given up, and a gap record says so", async () => {
  const { clock, disk, ring, events } = await start({ whenFull: "refuse" });
  for (let number = 1; number <= 80; number++) await ring.append("normal", [frame(number, 900)]);
  disk.onCall = ({ verb }) => verb === "sync" ? clock.after(300) : undefined;
  const answers = Array.from({ length: 40 }, (_, i) => normal(ring, frame(81 + i, 900)));
  await clock.advance(answerMsMax);
  assert.ok(answers.every(({ word }, i) => word === `buffered ${81 + i}`));
  await clock.advance(20_000);
  assert.deepEqual([ring.stats().buffered, ring.stats().fault?.code], [0, "ring_full"]);
  disk.onCall = () => {};
  const last = Math.max(...await numbersOn(ring));
  assert.ok(last > 80 && last < 120);
  const range = { first: last + 1, last: 120 };
  assert.deepEqual(await namedGaps(ring), [{ epoch: ring.epoch, class: "normal", range, cause: "disk_lost" }]);
  assert.deepEqual(events.flatMap((event) => event.kind === "lost" ? [event.range] : []), [range]);
  ring.settle(ring.epoch, "normal", [{ first: 1, last }]);
  await clock.advance(2_000);
  assert.equal(ring.stats().fault, undefined, "verdicts make room");
  const next = normal(ring, frame(121));
  await clock.advance(0);
  assert.equal(next.word, "durable 121");
  await ring.close();
});

Deno.test("without a caller's help the ring is well again 2 s after a disk works or has space", async () => {
  const faults: Record<string, (disk: VirtualDisk) => void> = {
    disk_failed: (disk) => disk.onCall = fails,
    disk_full: (disk) => disk.capacityBytes = disk.usedBytes,
  };
  for (const [code, spoil] of Object.entries(faults)) {
    const { clock, disk, ring } = await start({ whenFull: "refuse" });
    spoil(disk);
    let word = "";
    for (let number = 1; word !== code && number < 200; number++) {
      const answer = normal(ring, frame(number, 900));
      await clock.advance(0);
      word = answer.word;
    }
    assert.equal(word, code);
    await clock.advance(30_000);
    assert.equal(ring.stats().fault?.code, code, "it stays as long as it lasts");
    disk.onCall = () => {};
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await clock.advance(2_000);
    assert.equal(ring.stats().fault, undefined);
    const answer = normal(ring, frame(999));
    await clock.advance(0);
    assert.match(answer.word, /^durable/);
    await ring.close();
  }
});

Deno.test("an epoch does not end before what is promised in it is durable", async () => {
  const { clock, disk, ring } = await start();
  await ring.append("normal", [frame(1)]);
  disk.onCall = (call) => call.verb === "sync" ? clock.after(200).then(() => fails(call)) : undefined;
  const answer = normal(ring, frame(2));
  const { epoch } = ring;
  await clock.advance(answerMsMax);
  assert.equal(answer.word, "buffered 2");
  await assert.rejects(clock.run(ring.openEpoch("drift")), { code: "disk_failed" });
  assert.equal(ring.epoch, epoch);
  disk.onCall = () => {};
  await clock.run(ring.openEpoch("drift"));
  assert.notEqual(ring.epoch, epoch);
  assert.equal((await ring.read({ ...second, epoch })).map(numberOf)[0], 2);
  await ring.close();
});

Deno.test("a flood that fills the memory behind a silent disk does not shut out critical records", async () => {
  const { clock, disk, ring } = await start();
  disk.onCall = ({ verb }) => verb === "sync" ? clock.after(10_000) : undefined;
  const frames = Array.from({ length: 1000 }, (_, i) => frame(i, 4000));
  const flood = Array.from({ length: 6 }, () => follow(ring.append("bulk", frames)));
  const critical = follow(ring.append("critical", [frame(1)]));
  await clock.advance(answerMsMax);
  assert.deepEqual(flood.map(({ word }) => word.split(" ")[0]).slice(-2), ["unavailable", "unavailable"]);
  assert.equal(critical.word, "buffered 2");
  disk.onCall = () => {};
  await clock.run(ring.close());
});
