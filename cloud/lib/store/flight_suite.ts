/** Real flights come back from the store complete and exact. */
import { strictEqual as equal } from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import { pageRowsMax } from "./limits.ts";
import { sameValue } from "./mapping.ts";
import { joinComparisons } from "./compare.ts";
import type { Row } from "./rows.ts";
import type { Store } from "./store.ts";
import { vehicle } from "./testing/blocks.ts";
import { type FlightFrame, readFlight } from "./testing/flight.ts";

/** Rows per write, about as ingest makes them. */
const writeRowsMax = 2_000;

/** Writes a flight, some batches repeated, and compares every frame with its row. */
export async function checkFlight(store: Store, name: string, linesMax?: number): Promise<void> {
  const { frames, batches } = await readFlight(name, linesMax);
  let group: (typeof batches)[number][number][] = [];
  for (const [at, blocks] of batches.entries()) {
    group.push(...blocks);
    const rows = group.reduce((sum, { block }) => sum + block.seqs.length, 0);
    if (rows < writeRowsMax && at < batches.length - 1) continue;
    equal((await store.write(group)).suspended.length, 0);
    group = at % 2 === 0 ? [...blocks] : [];
  }
  for (const [stream, wanted] of Map.groupBy(frames, (frame) => frame.stream)) {
    const rows = await allRows(store, stream);
    equal(rows.length, wanted.length, `rows of ${stream}`);
    const bySeq = new Map(rows.map((row) => [row.seq, row]));
    for (const frame of wanted) checkFrame(frame, bySeq.get(frame.seq));
  }
  for (const blocks of batches.slice(-3)) {
    const { same, different } = joinComparisons(await store.compare(blocks));
    equal(different.length, 0);
    equal(same.length, 1);
  }
}

async function allRows(store: Store, stream: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let more = true; more;) {
    const after = rows.at(-1);
    const query = { vehicle, stream: parseStream(stream), limit: pageRowsMax, ...(after && { after }) };
    const page = await store.rows(query);
    rows.push(...page.rows);
    more = page.more;
  }
  return rows;
}

function checkFrame(frame: FlightFrame, row: Row | undefined): void {
  equal(row?.ts, frame.ts);
  for (const [field, value] of Object.entries(row!.values)) {
    const wanted = frame.values[field] ?? null;
    equal(sameValue(value, wanted), true, `${frame.stream} ${frame.seq} ${field}: ${value} is not ${wanted}`);
  }
  for (const field of Object.keys(frame.values)) equal(Object.hasOwn(row!.values, field), true, field);
}
