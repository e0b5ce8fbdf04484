/** What every {@link Disk} must do; each implementation's test runs it. */
import assert from "node:assert/strict";
import { Fault } from "../errors.ts";
import type { Disk } from "../ports.ts";

/** Runs the suite; `open` gives an empty disk each time. */
export function diskSuite(name: string, open: () => Promise<Disk>): void {
  function test(what: string, body: (disk: Disk) => Promise<void>): void {
    Deno.test(`${name}: ${what}`, async () => {
      const disk = await open();
      try {
        await body(disk);
      } finally {
        await disk.release();
      }
    });
  }

  test("a new file is empty, listed, and cannot be created twice", async (disk) => {
    const file = await disk.open("a", { create: true });
    assert.equal(await file.size(), 0);
    assert.deepEqual(await disk.list(), ["a"]);
    await assert.rejects(() => disk.open("a", { create: true }), isDiskFault);
    await file.close();
  });

  test("a missing file cannot be opened, removed or renamed", async (disk) => {
    await assert.rejects(() => disk.open("none"), isDiskFault);
    await assert.rejects(() => disk.remove("none"), isDiskFault);
    await assert.rejects(() => disk.rename("none", "other"), isDiskFault);
  });

  test("what is written at an offset is read there, and a read stops at the end of the file", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.write(3, bytes(7, 8, 9));
    await file.write(1, bytes(5));
    const into = new Uint8Array(10);
    assert.equal(await file.read(0, into), 6);
    assert.deepEqual(into.subarray(0, 6), bytes(0, 5, 0, 7, 8, 9));
    assert.equal(await file.read(6, into), 0);
    await file.close();
  });

  test("calls that were not waited for keep their places", async (disk) => {
    const file = await disk.open("a", { create: true });
    const parts = Array.from({ length: 20 }, () => new Uint8Array(100));
    await Promise.all(parts.map((_, i) => file.write(i * 100, new Uint8Array(100).fill(i))));
    await Promise.all(parts.map((part, i) => file.read(i * 100, part)));
    parts.forEach((part, i) => assert.deepEqual(part, new Uint8Array(100).fill(i)));
    await file.close();
  });

  test("content outlives closing, syncing and opening again", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.write(0, bytes(1, 2, 3));
    await file.sync();
    await disk.syncDirectory();
    await file.close();
    const again = await disk.open("a");
    const into = new Uint8Array(3);
    assert.equal(await again.read(0, into), 3);
    assert.deepEqual(into, bytes(1, 2, 3));
    await again.close();
  });

  test("allocating grows with zeros and keeps what is there; truncating gives the end back", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.write(0, bytes(1, 2, 3));
    await file.allocate(300_000);
    assert.equal(await file.size(), 300_000);
    const into = new Uint8Array(4).fill(9);
    await file.read(1, into);
    assert.deepEqual(into, bytes(2, 3, 0, 0));
    await file.truncate(2);
    assert.equal(await file.size(), 2);
    await file.close();
  });

  test("renaming replaces what bears the new name, and an open file follows its new name", async (disk) => {
    const old = await disk.open("to", { create: true });
    await old.close();
    const file = await disk.open("from", { create: true });
    await file.write(0, bytes(4));
    await disk.rename("from", "to");
    assert.deepEqual(await disk.list(), ["to"]);
    await file.write(1, bytes(5));
    const again = await disk.open("to");
    assert.equal(await again.size(), 2);
    await again.close();
    await file.close();
  });

  test("a removed file is gone from the list", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.close();
    await disk.remove("a");
    assert.deepEqual(await disk.list(), []);
  });
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function isDiskFault(thrown: unknown): boolean {
  return thrown instanceof Fault && thrown.code === "disk_failed";
}
