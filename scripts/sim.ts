/** `deno task sim`: worlds of agents, relays, ingest and store in virtual time, one per seed, judged by invariants. */
import "./check_deno.ts";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { makeIdentities } from "./sim/identities.ts";
import { parseSimOptions, replayLine, type SimOptions } from "./sim/options.ts";
import { huntAll } from "./sim/hunt.ts";
import { countsText, failureText, speedText } from "./sim/report.ts";
import { runSeed } from "./sim/run_seed.ts";
import { Tally } from "./sim/tally.ts";

const seedsFile = fileURLToPath(new URL("sim/seeds.txt", import.meta.url));

const options = parseSimOptions(Deno.args);
if ("problem" in options) {
  console.error(options.problem);
  Deno.exit(2);
}
const isGood = options.planted === undefined ? await runAll(options) : await huntAll(options.planted, console.log);
// Worlds that were stopped half way leave waits behind that never end.
Deno.exit(isGood ? 0 : 1);

async function runAll({ seed: first, seeds, hours, vehicles, counts }: SimOptions): Promise<boolean> {
  const identities = await makeIdentities();
  const tally = new Tally();
  const beganMs = performance.now();
  const cpuBefore = process.cpuUsage();
  let virtualMs = 0;
  let failures = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const report = await runSeed({ seed, hours, vehicles, identities });
    virtualMs += report.virtualMs;
    tally.join(report.tally);
    if (report.violation === undefined) continue;
    failures++;
    console.log(failureText(report, { seed, hours, vehicles }));
    await Deno.writeTextFile(seedsFile, `${replayLine({ seed, hours, vehicles })}  # ${report.violation.invariant}\n`, {
      append: true,
    });
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  if (counts) console.log(countsText(tally));
  const seconds = (performance.now() - beganMs) / 1000;
  console.log(speedText({ seeds, virtualMs, cpuSeconds: (user + system) / 1e6, seconds }));
  console.log(`${tally.of("frames answered durable")} frames answered durable, ${failures} of ${seeds} seeds failed`);
  return failures === 0;
}
