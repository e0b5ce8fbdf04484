/** Runs what the command line names of a menu. */
import { fileURLToPath } from "node:url";
import { entryOf, type Menu, menuText } from "./menu.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the entry that the first argument names with the others, or shows the menu; resolves to the exit code. */
export async function runEntry(menu: Menu, [name, ...args]: readonly string[]): Promise<number> {
  const entry = name === undefined ? undefined : entryOf(menu, name);
  if (entry === undefined) {
    const isAsked = name === undefined || name === "--help";
    if (!isAsked) console.error(`Cannot run ${menu.task} "${name}": it is not on the menu\n`);
    console.log(menuText(menu));
    return isAsked ? 0 : 2;
  }
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", entry.file, ...entry.args, ...args],
    cwd: top,
    stdin: "null",
  });
  return (await command.spawn().status).code;
}
