import { equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { benches } from "../bench/menu.ts";
import { soaks } from "../soak/menu.ts";
import { entryOf, type Menu, menuText } from "./menu.ts";

const top = new URL("../../", import.meta.url);
const menus: readonly Menu[] = [benches, soaks];

Deno.test("every program of a menu is there, with the files that it is given", () => {
  for (const { entries } of menus) {
    for (const { file, args } of entries) {
      for (const path of [file, ...args]) ok(existsSync(new URL(path, top)), `there is no ${path}`);
    }
  }
});

Deno.test("a program is found by its name, and the menu names each", () => {
  for (const menu of menus) {
    for (const entry of menu.entries) {
      equal(entryOf(menu, entry.name), entry);
      ok(menuText(menu).includes(`\n  ${entry.name} `), `the menu is silent about ${entry.name}`);
    }
    equal(entryOf(menu, "live "), undefined);
  }
});
