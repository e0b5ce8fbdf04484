/** Compares the rows of a flight in a SQLite store, one by one, with what was posted. Reads the file, not an API. */
import { DatabaseSync } from "node:sqlite";
import { type FlightPlan, signalName, tsOf, valueOf } from "./flight_data.ts";

/** What was found. */
export interface StoredFlight {
  readonly rows: number;
  /** Frames without a row. */
  readonly missing: number;
  /** Rows of frames that have another row. */
  readonly doubled: number;
  /** Rows that differ from their frame in time or value, or belong to no frame. */
  readonly changed: number;
}

/** See the head of this file. */
export function checkStored(path: string, { plan, frames }: { plan: FlightPlan; frames: number }): StoredFlight {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const names = Array.from({ length: plan.signals }, (_, at) => signalName(at));
    const statement = database.prepare(`SELECT ts, ${names.join(", ")} FROM "${plan.stream}"`);
    statement.setReadBigInts(true);
    const seen = new Uint8Array(frames);
    let [rows, doubled, changed] = [0, 0, 0];
    for (const row of statement.iterate()) {
      const { ts, ...values } = row as Record<string, number | bigint>;
      const number = Number(values[names[0]]);
      rows++;
      const isOne = Number.isInteger(number) && number >= 0 && number < frames && ts === tsOf(number, plan) &&
        names.every((name, at) => Number(values[name]) === valueOf(number, at));
      if (!isOne) changed++;
      else if (seen[number]++ > 0) doubled++;
    }
    const missing = seen.reduce((sum, count) => count === 0 ? sum + 1 : sum, 0);
    return { rows, missing, doubled, changed };
  } finally {
    database.close();
  }
}
