/** Where real servers are kept once obtained: outside the checkout, so that clones and `clean` share them. */
import { join } from "node:path";

/** The cache folder; `SYSTEMSCALE_CACHE` overrides it. Created when it is missing. */
export async function cacheFolder(name: string): Promise<string> {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? ".";
  const base = Deno.env.get("SYSTEMSCALE_CACHE") ??
    join(Deno.env.get("XDG_CACHE_HOME") ?? join(home, ".cache"), "systemscale");
  const folder = join(base, name);
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}
