/** What QuestDB shows of the rig's streams, asked of it directly. */
import { classes } from "#proto/class.ts";

/** All rows by series (stream, epoch, class) and seq. */
export interface ShownRows {
  readonly shown: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Keys that are there more than once. */
  readonly doubled: readonly string[];
  /** Why a table could not be read, or is suspended. */
  readonly faults: readonly string[];
}

/** The series of a row, as {@link ShownRows} names it. */
export function seriesOf(row: { readonly stream: string; readonly epoch: string; readonly class: string }): string {
  return `${row.stream} ${row.epoch} ${row.class}`;
}

/** Reads whole tables. A table that is not there shows nothing. */
export async function readRows(url: string, streams: readonly string[]): Promise<ShownRows> {
  const shown = new Map<string, Map<number, number>>();
  const doubled: string[] = [];
  const faults: string[] = [];
  for (const stream of streams) {
    const answer = await ask(url, `SELECT cast(epoch AS VARCHAR), class, seq, n FROM "${stream}"`);
    if (answer.error !== undefined) faults.push(`${stream}: ${answer.error}`);
    for (const [epoch, className, seq, number] of answer.dataset ?? []) {
      const series = seriesOf({ stream, epoch: String(epoch), class: classes[Number(className)] });
      const positions = shown.get(series) ?? new Map<number, number>();
      if (positions.has(Number(seq))) doubled.push(`${series} ${seq}`);
      shown.set(series, positions.set(Number(seq), Number(number)));
    }
  }
  const tables = await ask(url, "SELECT name, errorTag, errorMessage FROM wal_tables() WHERE suspended");
  for (const [name, tag, message] of tables.dataset ?? []) faults.push(`${name} is suspended: ${tag} ${message}`);
  return { shown, doubled, faults };
}

interface ExecAnswer {
  readonly dataset?: readonly (readonly unknown[])[];
  readonly error?: string;
}

async function ask(url: string, query: string): Promise<ExecAnswer> {
  try {
    const response = await fetch(`${url}/exec?${new URLSearchParams({ query })}`, {
      signal: AbortSignal.timeout(10_000),
    });
    return await response.json();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
