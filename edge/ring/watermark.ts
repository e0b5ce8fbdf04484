/**
 * The watermark: what the segments cannot say of themselves (verdicts, gaps already named, fixed clock offsets) and how
 * far each finished epoch reaches. Losing it costs resends, never records.
 *
 * Text of one file: a head line `SSWM1 <crc32c, 8 hex> <length>\n`, then that many bytes of JSON. Two files take turns.
 */
import { z } from "zod";
import { classes } from "#proto/class.ts";
import { crc32c } from "#proto/crc32c.ts";
import { parseEpoch } from "#proto/ids.ts";
import { formatRanges, parseRanges } from "#proto/ranges.ts";
import type { Board, EpochEntry, Series } from "./board.ts";

/** One epoch in the watermark. */
const epochSchema = z.strictObject({
  epoch: z.string().transform((text) => parseEpoch(text)),
  /** No record will be added any more: `durable` is its last word. */
  closed: z.boolean(),
  clockOffsetNs: z.string().transform((text) => BigInt(text)).optional(),
  series: z.array(z.strictObject({
    class: z.enum(classes),
    durable: z.int().nonnegative(),
    settled: z.string().transform(parseRanges),
    named: z.string().transform(parseRanges),
  })),
});

const watermarkSchema = z.strictObject({
  /** Rises with every writing; the higher of two whole files counts. */
  generation: z.int().positive(),
  epochs: z.array(epochSchema),
});

/** A watermark as read. */
export type Watermark = z.infer<typeof watermarkSchema>;

/** Encodes the board's state. What would pass `bytesMax` is left out, oldest first: series, then whole epochs. */
export function encodeWatermark(
  board: Board,
  options: { generation: number; current: bigint | undefined; bytesMax: number },
): Uint8Array<ArrayBuffer> {
  const entries = board.epochs().map((entry) => epochJson(entry, entry.epoch !== options.current));
  const texts = entries.map((entry) => JSON.stringify(entry));
  let over = texts.reduce((sum, text) => sum + text.length + 1, frameBytesMax) - options.bytesMax;
  for (let i = 0; i < texts.length && over > 0; i++) {
    const bare = JSON.stringify({ ...entries[i], closed: false, series: [] });
    over -= texts[i].length - bare.length;
    texts[i] = bare;
  }
  while (over > 0 && texts.length > 0) over -= (texts.shift()?.length ?? 0) + 1;
  return withHead(new TextEncoder().encode(`{"generation":${options.generation},"epochs":[${texts.join(",")}]}`));
}

/** Reads a watermark file; undefined when it is not whole. */
export function decodeWatermark(bytes: Uint8Array): Watermark | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, headBytesMax));
  const head = /^SSWM1 ([0-9a-f]{8}) ([0-9]{1,9})\n/.exec(text);
  if (head === null) return undefined;
  const body = bytes.subarray(head[0].length, head[0].length + Number(head[2]));
  if (body.length !== Number(head[2]) || crc32c(body) !== Number.parseInt(head[1], 16)) return undefined;
  return watermarkSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data;
}

const headBytesMax = 32;
/** Head line and the JSON around the epochs. */
const frameBytesMax = headBytesMax + 64;

function withHead(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = `SSWM1 ${crc32c(body).toString(16).padStart(8, "0")} ${body.length}\n`;
  const bytes = new Uint8Array(head.length + body.length);
  new TextEncoder().encodeInto(head, bytes);
  bytes.set(body, head.length);
  return bytes;
}

function epochJson(entry: EpochEntry, closed: boolean) {
  return {
    epoch: entry.epoch.toString(),
    closed,
    clockOffsetNs: entry.clockOffsetNs?.toString(),
    series: [...entry.series.values()].map(seriesJson),
  };
}

function seriesJson(series: Series) {
  return {
    class: series.class,
    durable: series.durable,
    settled: formatRanges(series.settled),
    named: formatRanges(series.named),
  };
}
