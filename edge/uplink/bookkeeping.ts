/** Ranges, places and batches between the link's messages and the outbox. Pure. Source: telemetry.proto. */
import { type Class, classes, classNumber, isClassNumber, type Lane, lanes, type TelemetryLane } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { type Epoch, parseEpoch } from "#proto/ids.ts";
import { inventoryEpochsMax } from "#proto/limits.ts";
import type { MessageInit, MessageOf } from "#proto/link_message.ts";
import { normalize, type Range, type Ranges, subtract } from "#proto/ranges.ts";
import type { ShapeHash } from "#proto/shape.ts";
import { inventoryRangesMax, inventorySettledRangesMax } from "../limits.ts";
import type { OnBoard } from "../ring/ring.ts";
import type { ReceivedBatch, SeriesRanges } from "./outbox.ts";
import type { LogPlaces } from "./received_groups.ts";

type ClassRanges = MessageOf<"lost">["ranges"][number];
type ClassRangesInit = NonNullable<MessageInit<"lost">["ranges"]>[number];

/** Reads ranges per epoch and class; throws `bad_message`. */
export function readSeriesRanges(list: readonly ClassRanges[]): SeriesRanges[] {
  return list.map(({ epoch, class: className, ranges }) => ({
    epoch: readEpoch(epoch),
    class: readClass(className),
    ranges: normalize(ranges.map(readRange)),
  }));
}

/** Reads the batches of a Received; throws `bad_message`. */
export function readReceived({ batches }: MessageOf<"received">): ReceivedBatch[] {
  return batches.map((batch) => ({
    ...readRange(batch),
    epoch: readEpoch(batch.epoch),
    class: readClass(batch.class),
    lane: readTelemetryLane(batch.lane),
    place: Number(batch.place),
  }));
}

/** Reads the owner's places in the log. */
export function readPlaces(places: MessageOf<"verdicts">["passed"]): LogPlaces | undefined {
  return places === undefined ? undefined : { live: Number(places.live), backfill: Number(places.backfill) };
}

/** What an Inventory lists, and the message. */
export interface Inventory {
  readonly listed: readonly SeriesRanges[];
  readonly message: MessageInit<"inventory">;
}

/**
 * Lists what is on board: the oldest epochs first, as many as an Inventory takes; what is left out costs at worst a
 * repeat. What is held and has a verdict is listed with the newest epoch first. `shapes` are the hashes in use.
 */
export function takeInventory(onBoard: readonly OnBoard[], shapes: readonly ShapeHash[]): Inventory {
  const epochs = new Set([...new Set(onBoard.map((one) => one.epoch))].slice(0, inventoryEpochsMax));
  const inside = onBoard.filter((one) => epochs.has(one.epoch));
  const listed = listUpTo(inventoryRangesMax, inside.map((one) => ({ ...one, ranges: one.unsettled })));
  // What an older state of the store lacks is what came last.
  const newestFirst = onBoard.map((one) => ({ ...one, ranges: subtract(one.held, one.unsettled) })).reverse();
  const durable = inside.filter((one) => one.durable > 0)
    .map(({ epoch, class: className, durable: last }) => ({
      epoch,
      class: className,
      ranges: [{ first: last, last }],
    }));
  const message = {
    onBoard: writeSeriesRanges(listed),
    durable: writeSeriesRanges(durable),
    shapes: shapes.map((hash) => Uint8Array.fromHex(hash)),
    settled: writeSeriesRanges(listUpTo(inventorySettledRangesMax, newestFirst)),
  };
  return { listed, message };
}

/** The first so many ranges. */
function listUpTo(rangesMax: number, lines: readonly SeriesRanges[]): SeriesRanges[] {
  const listed: SeriesRanges[] = [];
  let room = rangesMax;
  for (const { epoch, class: className, ranges: all } of lines) {
    const ranges = all.slice(0, room);
    room -= ranges.length;
    if (ranges.length > 0) listed.push({ epoch, class: className, ranges });
  }
  return listed;
}

function writeSeriesRanges(list: readonly SeriesRanges[]): ClassRangesInit[] {
  return list.map(({ epoch, class: className, ranges }) => ({
    epoch,
    class: classNumber(className),
    ranges: writeRanges(ranges),
  }));
}

function writeRanges(ranges: Ranges): { first: bigint; last: bigint }[] {
  return ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) }));
}

function readRange({ first, last }: { first: bigint; last: bigint }): Range {
  if (first >= 1n && first <= last && last <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return { first: Number(first), last: Number(last) };
  }
  throw new Fault("bad_message", `Cannot read range ${first} to ${last}: wanted 1 to 2^53 - 1 in rising order`);
}

function readEpoch(epoch: bigint): Epoch {
  try {
    return parseEpoch(epoch);
  } catch (cause) {
    throw new Fault("bad_message", `Cannot read bookkeeping of epoch ${epoch}: not an epoch`, { cause });
  }
}

function readClass(number: number): Class {
  if (isClassNumber(number)) return classes[number];
  throw new Fault("bad_message", `Cannot read bookkeeping of class ${number}: wanted 0 to ${classes.length - 1}`);
}

function readTelemetryLane(number: number): TelemetryLane {
  const lane: Lane | undefined = lanes[number];
  if (lane === "live" || lane === "backfill") return lane;
  throw new Fault("bad_message", `Cannot read bookkeeping of lane ${number}: wanted live or backfill`);
}
