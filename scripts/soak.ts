/** `deno task soak`: the menu of the rigs; `deno task soak NAME [options]`: runs one. */
import { runEntry } from "./menu/run_entry.ts";
import { soaks } from "./soak/menu.ts";

Deno.exit(await runEntry(soaks, Deno.args));
