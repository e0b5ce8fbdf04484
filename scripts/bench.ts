/** `deno task bench`: the menu of the benches; `deno task bench NAME [options]`: runs one. */
import { benches } from "./bench/menu.ts";
import { runEntry } from "./menu/run_entry.ts";

Deno.exit(await runEntry(benches, Deno.args));
