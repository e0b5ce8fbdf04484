/** One round of the quarantine bench: good batches, with or without bad ones among them, through a real ingest. */
import process from "node:process";
import {
  type BatchItem,
  batchOf,
  damaged,
  define,
  IngestStage,
  recordsOf,
  startNs,
} from "#cloud/ingest/testing/stage.ts";
import type { LogMessage } from "#cloud/ingest/log_message.ts";
import { batchHeaderBytes, readBatchHeader } from "#proto/batch.ts";
import { writeBatchHeader } from "#proto/batch/header.ts";
import { bundleHeaderBytes, type BundleItem, bundleItemBytes } from "#proto/bundle.ts";
import { parseStream } from "#proto/ids.ts";
import { bundleBytesMax } from "#proto/limits.ts";
import { type FrameRecord, makeShape } from "#proto/shape.ts";

/** What can be bad about a batch. */
export const badKinds = ["crc", "body", "shape", "repeat", "time"] as const;
/** One of {@link badKinds}. */
export type BadKind = typeof badKinds[number];

/** What a round sends. */
export interface RoundLoad {
  readonly goodBatches: number;
  readonly recordsPerBatch: number;
  /** Kinds in turn, one batch after each nine good ones; none for a clean round. */
  readonly bad: readonly BadKind[];
}

/** The items of the messages of both sides, made once for all rounds: what is thrown away in making them costs later. */
export interface RoundBundles {
  readonly clean: readonly (readonly BundleItem[])[];
  readonly mixed: readonly (readonly BundleItem[])[];
}

/** What one side of a round took. */
export interface Side {
  /** Rows that were stored, all of good batches. */
  readonly rows: number;
  readonly cpuSeconds: number;
  /** Entries of quarantine, one for each bad batch. */
  readonly keptAside: number;
}

/** The same good batches without bad ones, and with bad ones besides. */
export interface QuarantineRound {
  readonly clean: Side;
  readonly mixed: Side;
}

/** The kind that a command line names; all when it names none. */
export function kindsOf(text: string | undefined): readonly BadKind[] {
  const kinds = badKinds.filter((kind) => text === undefined || kind === text);
  if (kinds.length > 0) return kinds;
  throw new Error(`Cannot take kind "${text}": wanted one of ${badKinds.join(", ")}`);
}

/** Speed with bad batches as a share of the clean one, in good rows per CPU second. */
export function shareOf({ clean, mixed }: QuarantineRound): number {
  return speedOf(mixed) / speedOf(clean);
}

/** Good rows per CPU second. */
export function speedOf({ rows, cpuSeconds }: Side): number {
  return rows / cpuSeconds;
}

/** One round, for people. */
export function roundText(round: QuarantineRound): string {
  const [without, among] = [round.clean, round.mixed].map((side) => speedOf(side).toFixed(0));
  const { keptAside } = round.mixed;
  return `clean ${without}, with ${keptAside} bad ${among} rows/CPU-s, share ${shareOf(round).toFixed(3)}`;
}

const fields = Array.from({ length: 10 }, (_, i) => ({ name: `signal_${i}`, type: "f64" as const }));
const shape = makeShape(parseStream("telemetry"), fields);
const unknown = makeShape(parseStream("unknown"), fields);
const goodPerBad = 9;
/** Messages of one commit, with some batches each: few, so that the two sides meet the same moments of the machine. */
const messagesPerCommit = 3;
/** Bad batches have seqs far behind those of the good ones. */
const firstBadSeq = 1e9;

/** Makes what a load sends. */
export function makeBundles(load: RoundLoad): RoundBundles {
  const [clean, mixed] = [{ ...load, bad: [] }, load].map((of) => bundled(itemsOf(of)));
  return { clean, mixed };
}

/**
 * Sends the load through two ingests, each over a SQLite file of its own, that work in turns, commit by commit: whatever
 * else the machine does meets both. Both store the same good batches; what the bad ones take comes on top of the one. The
 * putting of messages into the log is not measured.
 */
export async function runQuarantineRound(
  { clean: cleanBundles, mixed: mixedBundles }: RoundBundles,
  { badFirst }: { badFirst: boolean },
): Promise<QuarantineRound> {
  const lanes = await Promise.all([cleanBundles, mixedBundles].map(openLane));
  try {
    const inTurn = badFirst ? lanes.toReversed() : lanes;
    for (let lane = furthestBehind(inTurn); lane.done < lane.messages.length; lane = furthestBehind(inTurn)) {
      await measured(
        lane,
        () => lane.stage.ingest.commit(lane.messages.slice(lane.done, lane.done + messagesPerCommit)),
      );
      lane.done += messagesPerCommit;
    }
    for (const lane of inTurn) await measured(lane, () => lane.stage.ingest.flush());
    const kept = await Promise.all(lanes.map(({ stage }) => countKept(stage)));
    // What lies in the write-ahead log has still to go to its place, which happens whenever the log is long.
    for (const lane of inTurn) await measured(lane, () => lane.stage.store.close());
    const [clean, mixed] = lanes.map((lane, at) => sideOf(lane, kept[at]));
    return { clean, mixed };
  } finally {
    for (const { stage } of lanes) await stage.close();
  }
}

/** An ingest and what it works through. */
interface Lane {
  readonly stage: IngestStage;
  readonly messages: readonly LogMessage[];
  /** Messages that were committed. */
  done: number;
  cpuMicros: number;
}

async function openLane(bundles: readonly (readonly BundleItem[])[]): Promise<Lane> {
  const stage = new IngestStage();
  await stage.restart();
  await stage.send(define(shape));
  return { stage, messages: bundles.map((items) => stage.put(items)), done: 0, cpuMicros: 0 };
}

/** Both end together, although one has more to do. */
function furthestBehind(lanes: readonly Lane[]): Lane {
  return lanes.reduce((a, b) => b.done / b.messages.length < a.done / a.messages.length ? b : a);
}

async function measured(lane: Lane, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  lane.cpuMicros += user + system;
}

async function countKept({ store }: IngestStage): Promise<number> {
  const { counts } = await store.quarantineCounts({ limit: 1000 });
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function sideOf({ stage, cpuMicros }: Lane, keptAside: number): Side {
  return { rows: stage.ingest.counts.rows, cpuSeconds: cpuMicros / 1e6, keptAside };
}

function itemsOf({ goodBatches, recordsPerBatch, bad }: RoundLoad): BatchItem[] {
  const items: BatchItem[] = [];
  for (let at = 0; at < goodBatches; at++) {
    const first = at * recordsPerBatch + 1;
    const good = records(first, recordsPerBatch);
    items.push(batchOf(good));
    if (bad.length > 0 && at % goodPerBad === goodPerBad - 1) {
      const number = (at + 1) / goodPerBad - 1;
      const first = firstBadSeq + number * recordsPerBatch;
      const kind = bad[number % bad.length];
      items.push(kind === "repeat" ? otherBody(good) : badBatch(kind, records(first, recordsPerBatch)));
    }
  }
  return items;
}

function records(first: number, count: number): FrameRecord[] {
  return recordsOf({ first, last: first + count - 1 }, { shape })
    .map((record) => ({ ...record, values: fields.map((_, i) => Math.sin(record.seq + i) * 100) }));
}

function otherBody(good: readonly FrameRecord[]): BatchItem {
  return batchOf(good.map((record, at) => at === 0 ? { ...record, values: record.values.with(0, -1) } : record));
}

function badBatch(kind: Exclude<BadKind, "repeat">, good: readonly FrameRecord[]): BatchItem {
  switch (kind) {
    case "crc":
      return damaged(batchOf(good));
    case "body":
      return nonsense(batchOf(good));
    case "shape":
      return batchOf(good.map((record) => ({ ...record, shape: unknown })));
    case "time":
      return batchOf(good.map((record) => ({ ...record, ts: record.ts - startNs })));
  }
}

/** A body that means nothing, under a CRC that is right. */
function nonsense(item: BatchItem): BatchItem {
  const batch = item.batch.slice();
  batch.fill(0xa5, batchHeaderBytes);
  writeBatchHeader(batch, readBatchHeader(batch));
  return { ...item, batch };
}

/** Messages as full as they may be. */
function bundled(items: readonly BatchItem[]): BundleItem[][] {
  const bundles: BundleItem[][] = [[]];
  let bytes = bundleHeaderBytes;
  for (const item of items) {
    bytes += bundleItemBytes(item);
    if (bytes > bundleBytesMax) {
      bundles.push([]);
      bytes = bundleHeaderBytes + bundleItemBytes(item);
    }
    bundles[bundles.length - 1].push(item);
  }
  return bundles;
}
