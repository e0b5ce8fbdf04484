import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import { formatRanges } from "#proto/ranges.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { Board } from "./board.ts";
import { silent } from "./testing/rig.ts";
import { decodeWatermark, encodeWatermark } from "./watermark.ts";
import { WatermarkFiles } from "./watermark_files.ts";

/** A board of so many epochs, numbered from 1. */
function boardOf(epochs: number): Board {
  const board = new Board();
  for (let number = 1; number <= epochs; number++) {
    const epoch = parseEpoch(BigInt(number));
    board.epoch(epoch).clockOffsetNs = number % 2 === 0 ? BigInt(-number) : undefined;
    const series = board.series(epoch, "normal");
    Object.assign(series, { durable: 10, settled: [{ first: 1, last: 4 }], named: [{ first: 6, last: 6 }] });
  }
  return board;
}

const options = { generation: 3, current: 2n, bytesMax: 8192 };

Deno.test("a watermark reads back what the board knows; the current epoch is not closed", () => {
  const found = decodeWatermark(encodeWatermark(boardOf(2), options));
  assert.equal(found?.generation, 3);
  assert.deepEqual(found.epochs.map(({ epoch, closed, clockOffsetNs }) => [epoch, closed, clockOffsetNs]), [
    [1n, true, undefined],
    [2n, false, -2n],
  ]);
  const [series] = found.epochs[0].series;
  assert.deepEqual([series.class, series.durable], ["normal", 10]);
  assert.deepEqual([formatRanges(series.settled), formatRanges(series.named)], ["1-4", "6"]);
});

Deno.test("what does not fit is left out, oldest first, and clock offsets last", () => {
  for (const bytesMax of [2000, 500, 200]) {
    const bytes = encodeWatermark(boardOf(40), { ...options, bytesMax });
    assert.ok(bytes.length <= bytesMax, `${bytes.length} of ${bytesMax}`);
    const found = decodeWatermark(bytes);
    assert.ok(found !== undefined);
    assert.equal(found.epochs.at(-1)?.epoch ?? 40n, 40n);
    const bare = found.epochs.findLastIndex(({ series }) => series.length === 0);
    assert.ok(found.epochs.slice(0, bare + 1).every(({ closed }) => !closed), "an epoch without series is read again");
  }
});

Deno.test("any damaged byte makes a watermark unreadable, longer files do not", () => {
  const bytes = encodeWatermark(boardOf(1), options);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] ^= 1;
    assert.equal(decodeWatermark(bytes), undefined, `byte ${at}`);
    bytes[at] ^= 1;
  }
  const longer = new Uint8Array(bytes.length + 100).fill(0x7d);
  longer.set(bytes);
  assert.equal(decodeWatermark(longer)?.generation, 3);
});

Deno.test("the newer of two files counts, and a power cut while writing leaves the older one", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const disk = new VirtualDisk(seededRandom(seed));
    const files = new WatermarkFiles({ disk, log: silent, bytesMax: 4096 });
    for (let round = 0; round < 3; round++) {
      await files.write(encodeWatermark(boardOf(round + 1), { ...options, generation: files.nextGeneration }));
    }
    let next: VirtualDisk | undefined;
    disk.onCall = ({ verb }) => {
      if (verb === "sync") next = disk.powerCut();
    };
    await assert.rejects(() => files.write(encodeWatermark(boardOf(9), { ...options, generation: 4 })));
    assert.ok(next);
    const found = await new WatermarkFiles({ disk: next, log: silent, bytesMax: 4096 }).readNewest(await next.list());
    assert.ok(found?.generation === 3 || found?.generation === 4, `found ${found?.generation}`);
    assert.equal(found.epochs.length, found.generation === 3 ? 3 : 9);
  }
});

Deno.test("a watermark that cannot be read counts as not whole, and is made anew", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const files = new WatermarkFiles({ disk, log: silent, bytesMax: 4096 });
  for (let round = 0; round < 2; round++) {
    await files.write(encodeWatermark(boardOf(1), { ...options, generation: files.nextGeneration }));
  }
  const next = disk.kill();
  next.onCall = ({ verb, name }) => {
    if (verb === "read" && name === "watermark-1") throw new Fault("disk_failed", "Cannot read: EIO");
  };
  const again = new WatermarkFiles({ disk: next, log: silent, bytesMax: 4096 });
  assert.equal((await again.readNewest(await next.list()))?.generation, 1);
  next.onCall = () => {};
  await again.write(encodeWatermark(boardOf(5), { ...options, generation: again.nextGeneration }));
  const found = await new WatermarkFiles({ disk: next, log: silent, bytesMax: 4096 }).readNewest(await next.list());
  assert.deepEqual([found?.generation, found?.epochs.length], [2, 5]);
});
