import assert from "node:assert/strict";
import { parseEpoch } from "#proto/ids.ts";
import { formatRanges } from "#proto/ranges.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { ringWatermarkIntervalMs } from "../limits.ts";
import { fill, frame, namedGaps, namedPlaces, numbersOn, openSmall, virtualDisk } from "./testing/rig.ts";

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
