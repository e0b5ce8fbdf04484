/** `deno task dev`: the whole system on this machine with one command. */
import { describeSystem } from "./dev/describe.ts";
import { guidePorts, type Layout, vehicleNames } from "./dev/layout.ts";
import { parseDevOptions } from "./dev/options.ts";
import { startSystem } from "./dev/system.ts";

const say = (line: string) => console.log(line);

async function main(): Promise<number> {
  const options = parseDevOptions(Deno.args);
  if ("problem" in options) {
    console.error(options.problem);
    return Deno.args.includes("--help") ? 0 : 2;
  }
  const layout: Layout = { ...options, ports: guidePorts, vehicles: vehicleNames(options.vehicles) };
  const stopping = new AbortController();
  const asked = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      stopping.abort(new Error("Stopped before everything was well"));
      asked.resolve();
    });
  }

  say(`Starting SystemScale with its state in ${layout.state} ...`);
  const startedAtMs = performance.now();
  const { keeper, units, stepCa } = await startSystem(layout, say, { signal: stopping.signal });
  say(describeSystem(layout, { units, stepCa, seconds: (performance.now() - startedAtMs) / 1000 }));
  await asked.promise;
  say("Stopping ...");
  const stoppedAtMs = performance.now();
  await keeper.stop();
  say(`Stopped in ${((performance.now() - stoppedAtMs) / 1000).toFixed(1)} s, state is kept in ${layout.state}`);
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
