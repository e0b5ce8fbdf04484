import { ok, strictEqual } from "node:assert/strict";
import { folderBytes, PeakOfFolder } from "./folder_size.ts";

Deno.test("a folder takes the blocks of its files, and its peak outlives a file that goes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    strictEqual(await folderBytes(folder), 0);
    await Deno.writeFile(`${folder}/a`, new Uint8Array(100_000));
    const full = await folderBytes(folder);
    ok(full >= 100_000, `takes ${full} bytes`);
    const peak = new PeakOfFolder(folder, 1);
    await Deno.writeFile(`${folder}/b`, new Uint8Array(50_000));
    ok(await peak.stop() >= full + 50_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
