import { deepStrictEqual as equal } from "node:assert/strict";
import { join } from "node:path";
import { askForRestore, markFileIn } from "./mark_file.ts";

Deno.test("a mark comes back as it was written, is replaced and goes; nonsense counts as a part", async () => {
  const root = await Deno.makeTempDir();
  try {
    const file = markFileIn(root);
    equal(await file.read(), undefined);
    await file.write({ state: "making", boot: "today" });
    await file.write({ state: "held", boot: "today", startedAt: "12:00" });
    equal(await file.read(), { state: "held", boot: "today", startedAt: "12:00" });
    await Deno.writeTextFile(join(root, "checkpoint_mark.json"), '{"state":"held"}');
    equal(await file.read(), { state: "making", boot: "unreadable" });
    await file.remove();
    await file.remove();
    equal(await file.read(), undefined);
    await askForRestore(root);
    equal(Array.from(Deno.readDirSync(root), ({ name }) => name), ["_restore"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
