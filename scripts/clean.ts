/** `deno task clean`: removes the state of `deno task dev`, unless it runs. */
import { resolve } from "node:path";
import { pathsOf } from "./dev/layout.ts";
import { endLeftovers, isRunning } from "./dev/leftovers.ts";

const state = resolve(Deno.args[0] ?? ".dev");
const { running, secrets } = pathsOf(state);

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

if (!await exists(state)) {
  console.log(`Nothing to clean: there is no ${state}`);
} else if (!await exists(secrets) && !await exists(running)) {
  console.error(`Cannot clean ${state}: it was not made by deno task dev`);
  Deno.exit(1);
} else if (await isRunning(running)) {
  console.error(`Cannot clean ${state}: deno task dev is running on it`);
  Deno.exit(1);
} else {
  await endLeftovers(running);
  await Deno.remove(state, { recursive: true });
  console.log(`Removed ${state}`);
}
