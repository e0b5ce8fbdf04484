/** `deno task bench`: the menu of the benches; `deno task bench NAME [options]`: runs one. */
import { fileURLToPath } from "node:url";
import { benchOf, menuText } from "./bench/menu.ts";

const [name, ...args] = Deno.args;
const bench = name === undefined ? undefined : benchOf(name);
if (bench === undefined) {
  if (name !== undefined && name !== "--help") console.error(`Cannot run bench "${name}": it is not on the menu\n`);
  console.log(menuText);
  Deno.exit(name === undefined || name === "--help" ? 0 : 2);
}
const top = fileURLToPath(new URL("..", import.meta.url));
const command = new Deno.Command(Deno.execPath(), {
  args: ["run", "--quiet", "-A", bench.file, ...bench.args, ...args],
  cwd: top,
  stdin: "null",
});
Deno.exit((await command.spawn().status).code);
