/**
 * Whether 72 hours without a link fit, goals.md R4: `deno run -A edge/ring/capacity_bench.ts`. Writes 72 h of 20 signals
 * at 10 Hz, as fast as it goes, into a ring of 512 MiB on this machine's disk and says what it gave up and what it took.
 */
import { processClock } from "#proto/io/clock.ts";
import { parseStream } from "#proto/ids.ts";
import { countOf } from "#proto/ranges.ts";
import { makeShape } from "#proto/shape.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { openDisk } from "../io/disk.ts";
import { type NewFrame, openRing } from "./ring.ts";
import { silent } from "./testing/rig.ts";

const MiB = 1024 * 1024;
const bytesMax = 512 * MiB;
const frames = 72 * 3600 * 10;
const framesPerAppend = 1000;

const fields = Array.from({ length: 20 }, (_, i) => ({ name: `signal_${i}`, type: "f64" as const }));
const shape = makeShape(parseStream("telemetry"), fields);

function frameOf(number: number): NewFrame {
  const ts = 1_780_000_000_000_000_000n + BigInt(number) * 100_000_000n;
  return { ts, shape, values: fields.map((_, i) => Math.sin(number + i) * 100) };
}

async function bytesIn(path: string): Promise<number> {
  let sum = 0;
  for await (const { name } of Deno.readDir(path)) sum += ((await Deno.stat(`${path}/${name}`)).blocks ?? 0) * 512;
  return sum;
}

async function main(): Promise<number> {
  const path = await Deno.makeTempDir({ prefix: "systemscale-ring-capacity-" });
  const gone = { records: 0 };
  const ring = await openRing({
    disk: await openDisk(path),
    clock: processClock(),
    random: seededRandom(1),
    log: silent,
    bytesMax,
    whenFull: "overwrite",
    boot: new Uint8Array(16),
    clockSynchronized: true,
    onEvent: (event) => gone.records += event.kind === "lost" ? countOf([event.range]) : 0,
  });
  let most = 0;
  for (let from = 0; from < frames; from += framesPerAppend) {
    const some = Array.from({ length: framesPerAppend }, (_, i) => frameOf(from + i));
    await ring.append("normal", some);
    if (from % 100_000 === 0) most = Math.max(most, await bytesIn(path));
  }
  most = Math.max(most, await bytesIn(path));
  const { bytesUsed } = ring.stats();
  const percent = Math.round(100 * bytesUsed / bytesMax);
  console.log(`${frames} frames of ${fields.length} numbers: 72 h at 10 Hz`);
  console.log(
    `given up: ${gone.records}; at the end ${bytesUsed} of ${bytesMax} bytes, ${percent} %; most on disk: ${most}`,
  );
  await ring.close();
  await Deno.remove(path, { recursive: true });
  return gone.records === 0 && most <= bytesMax ? 0 : 1;
}

Deno.exit(await main());
