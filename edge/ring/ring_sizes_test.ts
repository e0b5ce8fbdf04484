import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { openSmall, virtualDisk } from "./testing/rig.ts";

const KiB = 1024;

Deno.test("a ring too small for its segments is refused in words", async () => {
  await assert.rejects(
    () => openSmall(virtualDisk(), { bytesMax: 64 * KiB }),
    (thrown) => thrown instanceof Fault && thrown.code === "bad_config" && thrown.message.includes("at least 16"),
  );
});
