/**
 * Rows as QuestDB's line protocol, version 2: lines of text in which doubles and arrays of doubles are binary, so that they
 * arrive bit for bit. Source: QuestDB's ILP specification, "Protocol version 2".
 *
 *     telemetry,vehicle_id=drone-001 epoch=5i,class=2i,seq=7i,armed=1i,altitude_m==<16><f64 LE>,name="a \"b\"" 1718000000000000000
 *
 * Names need no escapes: tables and columns are `[A-Za-z0-9_]`, vehicle ids besides `-`.
 */
import { ok } from "node:assert/strict";
import { type Document, documentsTable } from "./backend.ts";
import { overflowTable } from "./catalog.ts";
import { overflowColumn } from "./mapping.ts";
import type { PlacedColumn, TableRows } from "./plan.ts";

/** Binary values begin with a second `=` and their type. */
const doubleMark = Uint8Array.of(0x3d, 16);
/** An array: its mark, elements are doubles, one dimension. */
const doublesMark = Uint8Array.of(0x3d, 14, 10, 1);
const safeName = /^[A-Za-z0-9_-]+$/;
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
  const start = sink.encoded(lineStart(rows));
  const strays = sink.encoded(`,${overflowColumn}=`);
  const parts = rows.columns.map((part) => ({
    presence: part.presence,
    name: sink.encoded(`,${safe(part.column)}=`),
    write: cellWriter(sink, part),
  }));
  for (let row = 0; row < rows.seqs.length; row++) {
    sink.raw(start);
    sink.text(`${rows.seqs[row]}i`);
    for (const { presence, name, write } of parts) {
      if (presence[row] !== 2) continue;
      sink.raw(name);
      write(row);
    }
    const stray = rows.overflow?.[row];
    if (stray !== undefined) {
      sink.raw(strays);
      sink.quoted(stray);
    }
    sink.text(` ${rows.ts[row]}\n`);
  }
}

function lineStart({ table, stream, vehicle, epoch, class: classAt }: TableRows): string {
  const symbol = table === overflowTable ? `,stream=${safe(stream)}` : "";
  return `${safe(table)},vehicle_id=${safe(vehicle)}${symbol} epoch=${epoch}i,class=${classAt}i,seq=`;
}

function writeDocument(sink: ByteSink, { kind, key, atNs, text }: Document): void {
  sink.text(`${documentsTable},kind=${safe(kind)} key=`);
  sink.quoted(key);
  sink.text(",text=");
  sink.quoted(text);
  sink.text(` ${atNs}\n`);
}

function cellWriter(sink: ByteSink, { type, values }: PlacedColumn): (row: number) => void {
  switch (type) {
    case "f64":
      return (row) => sink.double((values as Float64Array)[row]);
    case "f64s":
      return (row) => sink.doubles((values as Float64Array[])[row]);
    case "str":
    case "json":
      return (row) => sink.quoted((values as string[])[row]);
    case "bool":
    case "i64":
      return (row) => sink.text(`${(values as Uint8Array | BigInt64Array)[row]}i`);
  }
}

function safe(name: string): string {
  ok(safeName.test(name), "names in lines need no escape");
  return name;
}

/** Bytes that grow. */
class ByteSink {
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  encoded(text: string): Uint8Array {
    return this.#encoder.encode(text);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    this.#reserve(text.length * 3);
    this.#length += this.#encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  quoted(text: string): void {
    this.text(`"${text.replace(special, "\\$&")}"`);
  }

  double(value: number): void {
    this.raw(doubleMark);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  doubles(values: Float64Array): void {
    this.raw(doublesMark);
    this.#reserve(4 + 8 * values.length);
    this.#view.setUint32(this.#length, values.length, true);
    this.#length += 4;
    for (const value of values) {
      this.#view.setFloat64(this.#length, value, true);
      this.#length += 8;
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
