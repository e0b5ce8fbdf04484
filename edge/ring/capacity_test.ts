/** How long a ring lasts: 20 signals, ten times a second, without a link. All 72 h of goals.md R4: edge/ring/capacity_bench.ts. */
import assert from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import { makeShape } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { openRing } from "./ring.ts";
import { ringOptions } from "./testing/rig.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const fields = Array.from({ length: 20 }, (_, i) => ({ name: `signal_${i}`, type: "f64" as const }));
const shape = makeShape(parseStream("telemetry"), fields);
const framesPerSecond = 10;

Deno.test("20 signals at 10 Hz: a ring takes at least its part of 72 h in 512 MiB before it gives anything up", async () => {
  const clock = new VirtualClock();
  const disk = new VirtualDisk(seededRandom(1));
  const bytesMax = 8 * MiB;
  let lost = 0;
  const ring = await openRing({
    ...ringOptions(1),
    ...{ disk, clock, bytesMax, segmentBytes: 64 * KiB },
    onEvent: ({ kind }) => lost += kind === "lost" ? 1 : 0,
  });
  let frames = 0;
  for (let seconds = 0; lost === 0 && seconds < 10_000; seconds += 5) {
    const values = (i: number) => fields.map((_, at) => Math.sin(frames + i + at));
    const ts = (i: number) => clock.wallNs() + BigInt(i) * 100_000_000n;
    const some = Array.from({ length: 5 * framesPerSecond }, (_, i) => ({ ts: ts(i), shape, values: values(i) }));
    assert.equal((await ring.append("normal", some)).state, "durable");
    await clock.advance(5_000);
    frames += some.length;
  }
  assert.ok(lost > 0, "the ring was filled");
  assert.ok(disk.peakBytes <= bytesMax, `cap passed: ${disk.peakBytes}`);
  const hours = frames / framesPerSecond / 3600;
  assert.ok(hours * (512 * MiB / bytesMax) >= 72, `${hours} h in ${bytesMax} bytes`);
  await ring.close();
});
