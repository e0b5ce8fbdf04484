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

/** What it took. */
export interface QuarantineRound {
  /** Rows that were stored, all of good batches. */
  readonly rows: number;
  readonly rowsPerCpuSecond: number;
  /** Entries of quarantine, one for each bad batch. */
  readonly keptAside: number;
}

/** The same good batches without and with bad ones. */
export interface RoundPair {
  readonly clean: QuarantineRound;
  readonly mixed: QuarantineRound;
}

/** The kind that a command line names; all when it names none. */
export function kindsOf(text: string | undefined): readonly BadKind[] {
  const kinds = badKinds.filter((kind) => text === undefined || kind === text);
  if (kinds.length > 0) return kinds;
  throw new Error(`Cannot take kind "${text}": wanted one of ${badKinds.join(", ")}`);
}

/** Both rounds, the one or the other first. */
export async function runPair(
  load: Omit<RoundLoad, "bad">,
  { bad, badFirst }: { bad: readonly BadKind[]; badFirst: boolean },
): Promise<RoundPair> {
  const run = (kinds: readonly BadKind[]) => runQuarantineRound({ ...load, bad: kinds });
  if (!badFirst) return { clean: await run([]), mixed: await run(bad) };
  const mixed = await run(bad);
  return { clean: await run([]), mixed };
}

/** One pair, for people. */
export function pairText({ clean, mixed }: RoundPair): string {
  const [without, among] = [clean, mixed].map(({ rowsPerCpuSecond }) => rowsPerCpuSecond.toFixed(0));
  return `clean ${without}, with ${mixed.keptAside} bad ${among} rows/CPU-s`;
}

const fields = Array.from({ length: 10 }, (_, i) => ({ name: `signal_${i}`, type: "f64" as const }));
const shape = makeShape(parseStream("telemetry"), fields);
const unknown = makeShape(parseStream("unknown"), fields);
const goodPerBad = 9;
/** Messages of one commit: with some batches each, what comes within a second. */
const messagesPerCommit = 10;
/** Bad batches have seqs far behind those of the good ones. */
const firstBadSeq = 1e9;

/** Sends the load through an ingest over a SQLite file of its own. The making of the messages is not measured. */
async function runQuarantineRound(load: RoundLoad): Promise<QuarantineRound> {
  const stage = new IngestStage();
  try {
    await stage.restart();
    await stage.send(define(shape));
    const messages = bundled(itemsOf(load)).map((items) => stage.put(items));
    const before = process.cpuUsage();
    for (let at = 0; at < messages.length; at += messagesPerCommit) {
      await stage.ingest.commit(messages.slice(at, at + messagesPerCommit));
    }
    await stage.ingest.flush();
    const { user, system } = process.cpuUsage(before);
    const { rows } = stage.ingest.counts;
    const { counts } = await stage.store.quarantineCounts({ limit: 1000 });
    const keptAside = counts.reduce((sum, { count }) => sum + count, 0);
    return { rows, rowsPerCpuSecond: rows / ((user + system) / 1e6), keptAside };
  } finally {
    await stage.close();
  }
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
