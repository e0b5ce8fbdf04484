/** A ring on a virtual disk and clock, and the questions that tests ask it. */
import assert from "node:assert/strict";
import type { Class } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { type Epoch, parseEpoch, parseStream } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { Range } from "#proto/ranges.ts";
import { type FrameRecord, makeShape } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { type NewFrame, type OnBoard, openRing, type Ring, type RingOptions } from "../ring.ts";

/** A log that says nothing. */
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Smallest segments and ring: everything rolls and overflows soon. */
const smallSegmentBytes = 8192;
export const smallRingBytes = 16 * smallSegmentBytes;

/** All but the disk that a small ring needs. */
export function ringOptions(seed: number): Omit<RingOptions, "disk"> {
  return {
    clock: new VirtualClock(),
    random: seededRandom(seed),
    log: silent,
    bytesMax: smallRingBytes,
    segmentBytes: smallSegmentBytes,
    whenFull: "overwrite",
    boot: new Uint8Array(16),
    clockSynchronized: false,
  };
}

/** Opens a small ring. */
export function openSmall(disk: VirtualDisk, options: Partial<RingOptions> & { seed?: number } = {}): Promise<Ring> {
  return openRing({ ...ringOptions(options.seed ?? 1), disk, ...options });
}

/** An empty disk; the seed says what a power cut leaves of it. */
export function virtualDisk(seed = 1): VirtualDisk {
  return new VirtualDisk(seededRandom(seed));
}

/** A frame with a number that tells it apart and some weight. */
export function frame(number: number, bytes = 100): NewFrame {
  const shape = makeShape(parseStream("telemetry"), [{ name: "n", type: "f64" }, { name: "weight", type: "str" }]);
  return { ts: BigInt(number), shape, values: [number, "x".repeat(bytes)] };
}

/** Appends frames numbered from `from` to `to`, each weighing some bytes, one after another. */
export async function fill(
  ring: Ring,
  options: { class: Class; from: number; to: number; bytes: number },
): Promise<void> {
  for (let number = options.from; number <= options.to; number++) {
    await ring.append(options.class, [frame(number, options.bytes)]);
  }
}

/** The number of a {@link frame}; undefined for one of the ring's own records. */
export function numberOf({ shape, values }: FrameRecord): number | undefined {
  return shape.stream === "telemetry" && typeof values[0] === "number" ? values[0] : undefined;
}

/** Reads all that the ring says it holds of an epoch and class; stops at a run that is not there after all. */
export async function readAll(ring: Ring, on: Pick<OnBoard, "epoch" | "class" | "held">): Promise<FrameRecord[]> {
  const found: FrameRecord[] = [];
  for (const range of on.held) {
    for (let first = range.first; first <= range.last;) {
      const request = { epoch: on.epoch, class: on.class, first, last: range.last, bytesMax: 3000 };
      const run = await ring.read(request);
      found.push(...run);
      // What turns out to be damaged is skipped, as the uplink does.
      first += Math.max(run.length, 1);
    }
  }
  return found;
}

/** The numbers of all frames on board. */
export async function numbersOn(ring: Ring): Promise<number[]> {
  const numbers: number[] = [];
  for (const on of ring.onBoard()) {
    for (const record of await readAll(ring, on)) numbers.push(numberOf(record) ?? Number.NaN);
  }
  return numbers.filter((number) => !Number.isNaN(number));
}

/** The code of the Fault with which work is rejected. */
export async function rejection(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(() => "fulfilled", (thrown) => thrown);
  assert.ok(thrown instanceof Fault, String(thrown));
  return thrown.code;
}

/** What a durable gap record says. */
export interface NamedGap {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly range: Range;
  readonly cause: string;
}

/** The gap records on board. */
export async function namedGaps(ring: Ring): Promise<NamedGap[]> {
  const gaps: NamedGap[] = [];
  for (const on of ring.onBoard().filter((on) => on.class === "critical")) {
    for (const { shape, values } of await readAll(ring, on)) {
      if (shape.stream !== "ss_gap") continue;
      const [epoch, className, first, last, cause] = values;
      const range = { first: Number(first), last: Number(last) };
      gaps.push({ epoch: parseEpoch(epoch), class: className as Class, range, cause: String(cause) });
    }
  }
  return gaps;
}

/** Class and seq of all records that a gap record names, such as `normal 7`. */
export async function namedPlaces(ring: Ring): Promise<Set<string>> {
  const places = new Set<string>();
  for (const { class: name, range } of await namedGaps(ring)) {
    for (let seq = range.first; seq <= range.last; seq++) places.add(`${name} ${seq}`);
  }
  return places;
}
