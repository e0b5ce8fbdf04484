/** Real flights, what their lines say, and whether rows say the same. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type JsonValue, parseJson, stringifyJson } from "#proto/json.ts";
import { readFlight } from "../replay/flight_file.ts";
import type { ApiRow } from "./harness.ts";

/** One frame as the file has it. */
export interface FlightFrame {
  readonly line: string;
  readonly ts: string;
  readonly stream: string;
  readonly data: Readonly<Record<string, JsonValue>>;
}

/** Files of real flights: a copter with 65 streams, a quad with 12. */
export const flightFiles: readonly string[] = ["px4-copter-gps", "px4-quad-imu"].map((name) =>
  fileURLToPath(new URL(`../../proto/testdata/flights/${name}.ndjson.gz`, import.meta.url))
);

/** All frames of a file. */
export async function readFrames(file: string): Promise<FlightFrame[]> {
  return (await readFlight(file)).map(({ line }) => parseFrame(line));
}

function parseFrame(line: string): FlightFrame {
  const { ts, stream, data } = parseJson(line) as { ts: string; stream: string; data: Record<string, JsonValue> };
  return { line, ts, stream, data };
}

/** Asserts that rows are exactly the frames: as many at each time, with equal values, and no field besides but nulls. */
export function assertSameFrames(
  rows: readonly ApiRow[],
  { frames, what }: { frames: readonly FlightFrame[]; what: string },
): void {
  ok(rows.length === frames.length, `${what}: ${rows.length} rows, wanted ${frames.length}`);
  const byTime = Map.groupBy(rows, (row) => String(row.ts));
  for (const [ts, wanted] of Map.groupBy(frames, (frame) => frame.ts)) {
    const got = byTime.get(ts) ?? [];
    deepStrictEqual(got.map(canonicalRow).sort(), wanted.map(canonicalFrame).sort(), `${what} at ${ts}`);
  }
}

const rowMembers: ReadonlySet<string> = new Set(["ts", "vehicle_id", "epoch", "class", "seq"]);

function canonicalRow(row: ApiRow): string {
  return canonical(Object.entries(row).filter(([name]) => !rowMembers.has(name)));
}

function canonicalFrame({ data }: FlightFrame): string {
  return canonical(Object.entries(data));
}

/** Fields in order of their names; a null and an absent field are the same in a table. */
function canonical(entries: [string, JsonValue][]): string {
  const present = entries.filter(([, value]) => value !== null).sort(([a], [b]) => a < b ? -1 : 1);
  return stringifyJson(Object.fromEntries(present));
}
