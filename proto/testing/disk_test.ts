import assert from "node:assert/strict";
import { Fault } from "../errors.ts";
import { VirtualDisk } from "./disk.ts";
import { diskSuite } from "./disk_suite.ts";
import { seededRandom } from "./random.ts";

diskSuite("virtual disk", () => Promise.resolve(new VirtualDisk(seededRandom(1))));

/** A disk with file "a" of 8 KiB ones, synced, then 8 KiB twos, not synced. */
async function halfSynced(seed: number): Promise<VirtualDisk> {
  const disk = new VirtualDisk(seededRandom(seed));
  const file = await disk.open("a", { create: true });
  await file.write(0, new Uint8Array(8192).fill(1));
  await file.sync();
  await disk.syncDirectory();
  await file.write(0, new Uint8Array(8192).fill(2));
  return disk;
}

async function content(disk: VirtualDisk, name: string): Promise<Uint8Array> {
  const file = await disk.open(name);
  const bytes = new Uint8Array(await file.size());
  await file.read(0, bytes);
  return bytes;
}

Deno.test("a power cut keeps synced bytes and any of the unsynced sectors", async () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    const disk = await halfSynced(seed);
    for (const byte of await content(disk.powerCut(), "a")) kept.add(byte);
    await assert.rejects(() => disk.list(), Fault);
  }
  assert.deepEqual([...kept].sort(), [1, 2]);
});

Deno.test("a power cut may forget a file whose directory was not synced, a kill does not", async () => {
  const found = { cut: 0, kill: 0 };
  for (let seed = 1; seed <= 20; seed++) {
    for (const way of ["cut", "kill"] as const) {
      const disk = new VirtualDisk(seededRandom(seed));
      const file = await disk.open("a", { create: true });
      await file.sync();
      const next = way === "cut" ? disk.powerCut() : disk.kill();
      found[way] += (await next.list()).length;
    }
  }
  assert.equal(found.kill, 20);
  assert.ok(found.cut > 0 && found.cut < 20, `found after a cut: ${found.cut}`);
});

Deno.test("after a failed sync the next one succeeds and the bytes are gone all the same", async () => {
  let lost = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const disk = await halfSynced(seed);
    const file = await disk.open("a");
    disk.onCall = ({ verb }) => {
      if (verb === "sync") throw new Fault("disk_failed", "Cannot sync: EIO");
    };
    await assert.rejects(() => file.sync(), Fault);
    disk.onCall = () => {};
    await file.sync();
    assert.equal((await content(disk, "a"))[0], 2, "the page cache still shows it");
    if ((await content(disk.powerCut(), "a")).includes(1)) lost++;
  }
  assert.ok(lost > 0);
});

Deno.test("a full disk refuses to grow a file and still overwrites", async () => {
  const disk = await halfSynced(1);
  disk.capacityBytes = 8192;
  const file = await disk.open("a");
  await assert.rejects(() => file.allocate(8193), isFull);
  await assert.rejects(() => file.write(8192, new Uint8Array(1)), isFull);
  await file.write(0, new Uint8Array(8192));
  assert.equal(disk.peakBytes, 8192);
});

function isFull(thrown: unknown): boolean {
  return thrown instanceof Fault && thrown.code === "disk_full";
}
