import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { isAbsolute } from "node:path";
import { findOnPath, lastLineOf, run } from "./run.ts";

Deno.test("a command's end is told with all that it said, and one that does not exist is no exception", async () => {
  const script = 'echo "out $WORD"; echo "why not" >&2; exit 1';
  const outcome = await run("sh", ["-c", script], { WORD: "word" });
  deepStrictEqual(outcome, { ok: false, text: "out word\nwhy not\n" });
  strictEqual(lastLineOf(outcome), "why not");
  strictEqual(lastLineOf({ ok: false, text: "\n" }), "it said nothing");
  match((await run("no-such-program", [])).text, /no-such-program: not found/);
});

Deno.test("a command is found on the PATH by its absolute path, or not at all", async () => {
  strictEqual(isAbsolute(await findOnPath("env") ?? ""), true);
  strictEqual(await findOnPath("no-such-program"), undefined);
});
