/**
 * Rows as QuestDB's line protocol, version 2: lines of text in which doubles and arrays of doubles are binary, so that they
 * arrive bit for bit. Source: QuestDB's ILP specification, "Protocol version 2".
 *
 *     telemetry,vehicle_id=drone-001 epoch=5i,class=2i,seq=7i,armed=1i,altitude_m==<16><f64 LE>,name="a \"b\"" 1718000000000000000
 *
 * Names need no escapes: tables and columns are `[A-Za-z0-9_$]`, vehicle ids besides `-`.
 */
import { fail } from "node:assert/strict";
import { type Document, documentsTable } from "./backend.ts";
import { overflowTable } from "./catalog.ts";
import { type ColumnType, overflowColumn } from "./mapping.ts";
import type { PlacedColumn, TableRows } from "./plan.ts";

/**
 * Binary values begin with a second `=` and their type: 16 for a double, 14 for an array, behind which stand the type of
 * its elements (10, double) and the number of its dimensions.
 */
const typeMarks: Partial<Record<ColumnType, string>> = { f64: "=\x10", f64s: "=\x0e\x0a\x01" };
const encoder = new TextEncoder();
const safeName = /^[A-Za-z0-9_$-]+$/;
/** Signs that a quoted text must not hold bare. */
const special = /["\\\n\r]/g;

/** Encodes blocks of rows and documents as one request's body. */
export function encodeLines(rows: readonly TableRows[], documents: readonly Document[]): Uint8Array<ArrayBuffer> {
  const sink = new ByteSink();
  for (const block of rows) writeRows(sink, block);
  for (const document of documents) writeDocument(sink, document);
  return sink.bytes();
}

function writeRows(sink: ByteSink, rows: TableRows): void {
  const start = lineStart(rows);
  const parts = rows.columns.map((part) => ({ presence: part.presence, write: cellWriter(sink, part) }));
  for (let row = 0; row < rows.seqs.length; row++) {
    sink.ascii(start);
    sink.ascii(`${rows.seqs[row]}i`);
    for (const { presence, write } of parts) if (presence[row] === 2) write(row);
    const stray = rows.overflow?.[row];
    if (stray !== undefined) {
      sink.ascii(`,${overflowColumn}=`);
      sink.quoted(stray);
    }
    sink.ascii(` ${rows.ts[row]}\n`);
  }
}

function lineStart({ table, stream, vehicle, epoch, class: classAt }: TableRows): string {
  const symbol = table === overflowTable ? `,stream=${safe(stream)}` : "";
  return `${safe(table)},vehicle_id=${safe(vehicle)}${symbol} epoch=${epoch}i,class=${classAt}i,seq=`;
}

function writeDocument(sink: ByteSink, { kind, key, atNs, text }: Document): void {
  sink.ascii(`${documentsTable},kind=${safe(kind)} key=`);
  sink.quoted(key);
  sink.ascii(",text=");
  sink.quoted(text);
  sink.ascii(` ${atNs}\n`);
}

/** Writes the column's name and the row's value. */
function cellWriter(sink: ByteSink, { column, type, values }: PlacedColumn): (row: number) => void {
  const start = `,${safe(column)}=${typeMarks[type] ?? ""}`;
  switch (type) {
    case "f64":
      return (row) => sink.double(start, (values as Float64Array)[row]);
    case "f64s":
      return (row) => sink.doubles(start, (values as Float64Array[])[row]);
    case "str":
    case "json":
      return (row) => {
        sink.ascii(start);
        sink.quoted((values as string[])[row]);
      };
    case "bool":
    case "i64":
      return (row) => {
        sink.ascii(start);
        sink.ascii(`${(values as Uint8Array | BigInt64Array)[row]}i`);
      };
  }
}

function safe(name: string): string {
  if (!safeName.test(name)) fail(`name "${name}" would need an escape`);
  return name;
}

/** Bytes that grow. Short texts are copied by hand, which is faster than an encoder. */
class ByteSink {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Text without a sign beyond ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  quoted(text: string): void {
    const escaped = `"${text.replace(special, "\\$&")}"`;
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    this.#reserve(escaped.length * 3);
    this.#length += encoder.encodeInto(escaped, this.#bytes.subarray(this.#length)).written;
  }

  double(start: string, value: number): void {
    this.ascii(start);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  doubles(start: string, values: Float64Array): void {
    this.ascii(start);
    this.#reserve(4 + 8 * values.length);
    this.#view.setUint32(this.#length, values.length, true);
    this.#length += 4;
    for (let i = 0; i < values.length; i++, this.#length += 8) this.#view.setFloat64(this.#length, values[i], true);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
