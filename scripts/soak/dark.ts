/**
 * A vehicle that was dark for days comes back (goals.md R4): real processes, the whole path, SQLite as store.
 *
 *     deno task soak dark [--hours N] [--signals N] [--hertz N] [--ring MEBIBYTES]
 *
 * All frames are posted to an agent without a link, as fast as it takes them, with the times that they would have had.
 * Then the relay starts: live frames go on at 10 a second while the ring drains. Told are the ring's size on disk, the
 * time to drain, how soon live frames could be queried meanwhile, and whether every frame is stored once and unchanged.
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "../bench/machine.ts";
import { countOf } from "../bench/options.ts";
import { withDarkSystem } from "../e2e/dark_system.ts";
import { darkReport } from "./dark_report.ts";
import { runDark } from "./dark_round.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "72" },
    signals: { type: "string", default: "20" },
    hertz: { type: "string", default: "10" },
    ring: { type: "string", default: "512" },
  },
});
const [hours, signals, perSecond, ringMebibytes] = [values.hours, values.signals, values.hertz, values.ring]
  .map(countOf);
const frames = hours * 3600 * perSecond;
const startNs = BigInt(Date.now() - hours * 3_600_000) * 1_000_000n;

console.log(`${machineText()}\n${runtimeText()}`);
console.log(`${hours} h dark, ${signals} signals at ${perSecond} Hz: ${frames} frames into ${ringMebibytes} MiB`);
await withDarkSystem({ ringMebibytes }, async (dark) => {
  const plan = { stream: "dark", signals, perSecond, startNs };
  const result = await runDark(dark, { plan, frames });
  const { lines, missed } = darkReport(result, { frames, ringMebibytes });
  console.log([...lines, ...missed].join("\n"));
  if (missed.length > 0) Deno.exitCode = 1;
});
