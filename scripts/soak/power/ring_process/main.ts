/**
 * The process whose power is cut: opens the ring in a folder, tells all that it holds, then appends without end and
 * tells what was acknowledged. Ends with its rig.
 *
 *     deno run -A main.ts FOLDER FIRST_NUMBER [FLAW]
 */
import { classes } from "#proto/class.ts";
import { systemClock } from "#proto/io/clock.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { FrameRecord } from "#proto/shape.ts";
import { openDisk } from "#edge/io/disk.ts";
import { type OnBoard, openRing, type Ring } from "#edge/ring/ring.ts";
import { namedGaps, silent } from "#edge/ring/testing/rig.ts";
import { type Flaw, flawedDisk } from "../flawed_disk.ts";
import { powerFrame, powerNumberOf } from "../power_frames.ts";
import type { RingReport } from "../ring_report.ts";

const segmentBytes = 64 * 1024;
const ringBytes = 2 * 1024 * 1024;
/** Epochs that are kept: what a cut leaves must outlive the next ones too. Older ones count as delivered. */
const epochsKept = 3;
const framesPerAppendMax = 12;
/** Appends under way at a time. */
const writers = 6;
const readBytesMax = 64 * 1024;

const [folder, firstNumber, flaw] = Deno.args;

function tell(report: RingReport): void {
  const line = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
  for (let written = 0; written < line.length;) written += Deno.stdout.writeSync(line.subarray(written));
}

async function open(): Promise<Ring> {
  const disk = await openDisk(folder);
  const random = systemRandom();
  return await openRing({
    disk: flaw === undefined ? disk : flawedDisk(disk, flaw as Flaw),
    clock: systemClock(),
    random,
    log: silent,
    bytesMax: ringBytes,
    segmentBytes,
    whenFull: "overwrite",
    boot: random.bytes(16),
    clockSynchronized: true,
  });
}

async function tellHeld(ring: Ring, on: OnBoard): Promise<void> {
  for (const { first, last } of on.held) {
    for (let at = first; at <= last;) {
      const request = { epoch: on.epoch, class: on.class, first: at, last, bytesMax: readBytesMax };
      const records = await ring.read(request);
      tellRecords(on, records);
      // What cannot be read although it is held is missed by the rig when it was acknowledged.
      at += Math.max(records.length, 1);
    }
  }
}

function tellRecords({ epoch, class: className }: OnBoard, records: readonly FrameRecord[]): void {
  const held: [number, number][] = [];
  for (const record of records) {
    // The ring's own records are not ours to judge.
    if (record.shape.stream.startsWith("ss_")) continue;
    const number = powerNumberOf(record);
    if (number === undefined) tell({ kind: "wrong", what: `${className} ${record.seq} of epoch ${epoch}` });
    else held.push([record.seq, number]);
  }
  tell({ kind: "held", epoch: String(epoch), class: className, held });
}

/** Only what gives way to newer records is a fair loss: damage is what the rig looks for. */
async function tellGaps(ring: Ring): Promise<void> {
  for (const { epoch, class: className, range, cause } of await namedGaps(ring)) {
    if (cause === "overwritten") tell({ kind: "gap", epoch: String(epoch), class: className, ...range });
  }
}

/** Gives the oldest epochs up, as a verdict of the cloud would. */
function settleOld(ring: Ring): void {
  const held = ring.onBoard();
  const old = [...new Set(held.map(({ epoch }) => epoch))].slice(0, -epochsKept);
  tell({ kind: "read", settled: old.map(String) });
  for (const on of held) if (old.includes(on.epoch)) ring.settle(on.epoch, on.class, on.held);
}

async function append(ring: Ring, nextNumber: () => number): Promise<void> {
  const random = systemRandom();
  while (true) {
    const className = classes[Math.floor(random.fraction() * classes.length)];
    const numbers = Array.from({ length: 1 + Math.floor(random.fraction() * framesPerAppendMax) }, nextNumber);
    const place = await ring.append(className, numbers.map(powerFrame));
    // Buffered is no promise: the disk was too slow to answer in time.
    if (place.state !== "durable") continue;
    tell({ kind: "acknowledged", epoch: String(place.epoch), class: className, first: place.first, numbers });
  }
}

/** Without its rig it has nothing to do. */
async function endWithRig(): Promise<never> {
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  Deno.exit(0);
}

async function main(): Promise<void> {
  tell({ kind: "begin" });
  const ring = await open();
  for (const on of ring.onBoard()) await tellHeld(ring, on);
  await tellGaps(ring);
  settleOld(ring);
  let number = Number(firstNumber);
  await Promise.all(Array.from({ length: writers }, () => append(ring, () => number++)));
}

endWithRig();
// Once the power is cut everything fails; before, nothing may.
await main().catch((thrown) => tell({ kind: "failed", what: String(thrown) }));
