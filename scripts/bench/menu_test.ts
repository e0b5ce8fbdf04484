import { equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { benches, benchOf, menuText } from "./menu.ts";

const top = new URL("../../", import.meta.url);

Deno.test("every bench of the menu is there, with the files that it is given", () => {
  for (const { file, args } of benches) {
    for (const path of [file, ...args]) ok(existsSync(new URL(path, top)), `there is no ${path}`);
  }
});

Deno.test("a bench is found by its name, and the menu names each", () => {
  for (const bench of benches) {
    equal(benchOf(bench.name), bench);
    ok(menuText.includes(`\n  ${bench.name} `), `the menu is silent about ${bench.name}`);
  }
  equal(benchOf("live "), undefined);
});
