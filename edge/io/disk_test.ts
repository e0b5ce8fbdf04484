import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import type { Disk } from "#proto/ports.ts";
import { diskSuite } from "#proto/testing/disk_suite.ts";
import { openDisk } from "./disk.ts";

diskSuite("directory", async () => {
  const path = await Deno.makeTempDir({ prefix: "systemscale-disk-" });
  const disk = await openDisk(path);
  return {
    ...disk,
    release: async () => {
      await disk.release();
      await Deno.remove(path, { recursive: true });
    },
  } satisfies Disk;
});

Deno.test("a directory in use is refused, and free again after its release", async () => {
  const path = await Deno.makeTempDir({ prefix: "systemscale-disk-" });
  try {
    const disk = await openDisk(path);
    await assert.rejects(
      () => openDisk(path),
      (thrown) => thrown instanceof Fault && thrown.code === "ring_in_use" && thrown.message.includes(path),
    );
    await disk.release();
    const again = await openDisk(path);
    await again.release();
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("a directory that cannot be made is a disk fault with its cause kept", async () => {
  const file = await Deno.makeTempFile();
  try {
    await assert.rejects(
      () => openDisk(`${file}/ring`),
      (thrown) => thrown instanceof Fault && thrown.code === "disk_failed" && thrown.cause !== undefined,
    );
  } finally {
    await Deno.remove(file);
  }
});
