import { deepStrictEqual as equal, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import type { Entry } from "./entry.ts";
import { Journal } from "./journal.ts";

const log = { debug() {}, info() {}, error() {}, warn() {} };
const floors = (count: number): Entry[] => Array.from({ length: count }, (_, i) => ({ kind: "floor", generation: i }));

Deno.test("what was appended is there after a power cut, whatever was torn behind it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 6 }), async (seed, count) => {
      const disk = new VirtualDisk(seededRandom(seed));
      const { journal, entries } = await Journal.open(disk, log);
      equal(entries, []);
      await journal.rewrite([]);
      const wanted = floors(count);
      for (const entry of wanted) await journal.append([entry]);
      disk.onCall = ({ verb }) => {
        if (verb === "sync") throw new Error("power is about to go");
      };
      await rejects(journal.append(floors(50)));
      const found = (await Journal.open(disk.powerCut(), log)).entries;
      equal(found.slice(0, count), wanted);
      // Of what was never acknowledged there may be a part, in order.
      equal(found.slice(count), floors(50).slice(0, found.length - count));
    }),
    { numRuns: 100 },
  );
});

Deno.test("any flipped bit ends the journal before its line", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const { journal } = await Journal.open(disk, log);
  await journal.rewrite(floors(5));
  const file = await disk.open("journal");
  const bytes = new Uint8Array(await file.size());
  await file.read(0, bytes);
  const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at);
  for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    await file.write(0, damaged);
    const line = ends.findIndex((end) => bit >> 3 <= end);
    equal((await Journal.open(disk, log)).entries, floors(line), `bit ${bit}`);
  }
  const warnings: string[] = [];
  await Journal.open(disk, { ...log, warn: (message) => warnings.push(message) });
  ok(warnings.length === 1);
});

Deno.test("after a failed sync the file is not written any more; a new one takes its place whole", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const { journal } = await Journal.open(disk, log);
  await journal.rewrite(floors(1));
  disk.onCall = ({ verb }) => {
    if (verb === "sync") throw new Error("EIO");
  };
  await rejects(journal.append(floors(2)));
  disk.onCall = () => {};
  await rejects(journal.append(floors(2)), { code: "disk_failed" });
  await journal.rewrite(floors(3));
  await journal.append([{ kind: "floor", generation: 3 }]);
  equal((await Journal.open(disk.powerCut(), log)).entries, floors(4));
});

Deno.test("a rewriting that was cut leaves the old journal or the new one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 12 }), async (seed, calls) => {
      const disk = new VirtualDisk(seededRandom(seed));
      const { journal } = await Journal.open(disk, log);
      await journal.rewrite(floors(2));
      let left = calls;
      disk.onCall = () => {
        if (left-- <= 0) throw new Error("power goes");
      };
      await journal.rewrite(floors(4)).catch(() => undefined);
      disk.onCall = () => {};
      const { entries } = await Journal.open(disk.powerCut(), log);
      ok([2, 4].includes(entries.length), String(entries.length));
    }),
    { numRuns: 100 },
  );
});

Deno.test("what passes its checksum and is no entry ends the journal", async () => {
  const disk = new VirtualDisk(seededRandom(1));
  const { journal } = await Journal.open(disk, log);
  await journal.rewrite([...floors(1), { kind: "floor", generation: -1 }, ...floors(1)]);
  strictEqual((await Journal.open(disk, log)).entries.length, 1);
  strictEqual(journal.isLarge, false);
});
