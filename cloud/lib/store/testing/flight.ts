/** A recorded real flight, taken the way that it goes from the SDK to the store: flattened, shaped, packed and unpacked. */
import { ok } from "node:assert/strict";
import { createBatchEncoder, decodeBatch, recordBytes } from "#proto/batch.ts";
import { flatten } from "#proto/flatten.ts";
import { parseStream } from "#proto/ids.ts";
import { type JsonValue, parseJson } from "#proto/json.ts";
import { batchBytesMax, batchRecordsMax } from "#proto/limits.ts";
import type { FrameRecord } from "#proto/shape.ts";
import { Shaper } from "#proto/shaper.ts";
import { cellValue } from "../mapping.ts";
import type { RowBlock } from "../rows.ts";
import { epoch, vehicle } from "./blocks.ts";

/** One line of a flight file, flattened. */
export interface FlightFrame {
  readonly seq: number;
  readonly ts: bigint;
  readonly stream: string;
  readonly values: Record<string, JsonValue>;
}

/** A flight as it is in its file, and as rows. */
export interface Flight {
  readonly frames: readonly FlightFrame[];
  /** Rows by batch. */
  readonly batches: readonly (readonly RowBlock[])[];
}

/** Folder of the recorded flights. */
const flightFolder = new URL("../../../../proto/testdata/flights/", import.meta.url).pathname;

/** Whether this machine has the flights. */
export function hasFlights(): boolean {
  try {
    return Deno.statSync(flightFolder).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Reads the first lines of a flight, or all of it. */
export async function readFlight(name: string, linesMax = Infinity): Promise<Flight> {
  const file = await Deno.open(`${flightFolder}/${name}.ndjson.gz`);
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  const lines = text.trimEnd().split("\n").slice(0, linesMax);
  const shaper = new Shaper();
  const frames: FlightFrame[] = [];
  const records: FrameRecord[] = [];
  for (const [at, line] of lines.entries()) {
    const { ts, stream, data } = parseJson(line) as { ts: string; stream: string; data: JsonValue };
    const fields = flatten(data);
    const values = Object.fromEntries(fields.map(({ name, type, value }) => [name, cellValue(type, value)]));
    const frame = { seq: at + 1, ts: BigInt(ts) };
    frames.push({ ...frame, stream, values });
    records.push({ ...frame, ...shaper.fit(parseStream(stream), fields) });
  }
  return { frames, batches: packed(records).map(unpacked) };
}

/** Cuts records into batches as large as they may be. */
function packed(records: readonly FrameRecord[]): FrameRecord[][] {
  const batches: FrameRecord[][] = [];
  let batch: FrameRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    bytes += recordBytes(record);
    if (bytes > batchBytesMax || batch.length === batchRecordsMax) {
      batches.push(batch);
      batch = [];
      bytes = recordBytes(record);
    }
    batch.push(record);
  }
  return [...batches, batch];
}

function unpacked(records: readonly FrameRecord[]): RowBlock[] {
  const shapes = new Map(records.map(({ shape }) => [shape.hash, shape]));
  const bytes = createBatchEncoder().encode(records, { epoch, class: 2, clockOffsetNs: 0n });
  const { blocks, header } = decodeBatch(bytes, (hash) => shapes.get(hash));
  ok(header.count === records.length, "all records of the batch");
  return blocks.map((block) => ({ vehicle, epoch, class: "normal", clockOffsetNs: 0n, block }));
}
