import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { readTree } from "./read_tree.ts";

Deno.test("sources, import map and published files are read from disk", async () => {
  const top = await Deno.makeTempDir();
  for (const member of ["proto", "edge", "relay", "cloud", "scripts"]) {
    await Deno.mkdir(join(top, member, "inner"), { recursive: true });
    await Deno.writeTextFile(join(top, member, "deno.json"), '{ "exports": { ".": "./a.ts" } }');
    await Deno.writeTextFile(join(top, member, "inner", "b.ts"), 'import "hono";');
    await Deno.writeTextFile(join(top, member, "notes.md"), "");
  }
  await Deno.writeTextFile(join(top, "deno.json"), '{ "imports": { "hono": "npm:hono@4.13.19" } }');
  const { modules, settings } = await readTree(top);
  strictEqual(modules.size, 5);
  deepStrictEqual(modules.get("edge/inner/b.ts")?.imports.map(({ specifier }) => specifier), ["hono"]);
  strictEqual(settings.imports.hono, "npm:hono@4.13.19");
  ok(settings.published.includes("relay/a.ts"));
  await Deno.remove(top, { recursive: true });
});
