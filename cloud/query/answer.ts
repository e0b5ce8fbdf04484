/** Rows as answers: JSON objects, lines of them, or CSV. */
import { type JsonValue, stringifyJson } from "#proto/json.ts";
import type { Row } from "../lib/store/rows.ts";

/** One row as callers get it. Times and epochs are decimal strings, since 64 bits do not fit into most readers' numbers. */
export type AnswerRow = Record<string, JsonValue>;

/** Members of every row, before its fields. */
const ownMembers = ["ts", "vehicle_id", "epoch", "class", "seq"] as const;
const mustQuote = /[",\r\n]/;

/** The row as an object. */
export function answerRow({ ts, vehicle, epoch, class: name, seq, values }: Row): AnswerRow {
  const own = { ts: ts.toString(), vehicle_id: vehicle, epoch: epoch.toString(), class: name, seq };
  const fields = Object.entries(values).map(([field, value]) => [memberName(field, values), value] as const);
  return Object.fromEntries([...Object.entries(own), ...fields]);
}

/** An answer whose text is JSON already: numbers may have 64 bits. */
export function jsonResponse(body: string): Response {
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** One JSON object per line (NDJSON). */
export function toLines(rows: readonly Row[]): string {
  return rows.map((row) => `${stringifyJson(answerRow(row))}\n`).join("");
}

/**
 * CSV (RFC 4180) with a header line: null is an empty cell, an empty text `""`, an array or object its JSON text. `fields` come
 * first, then what only some rows have.
 */
export function toCsv(rows: readonly Row[], fields: readonly string[]): string {
  const answers = rows.map(answerRow);
  const listed = Object.fromEntries(fields.map((field) => [field, null]));
  const columns = new Set<string>([...ownMembers, ...fields.map((field) => memberName(field, listed))]);
  for (const answer of answers) for (const member of Object.keys(answer)) columns.add(member);
  const lines = answers.map((answer) => Array.from(columns, (column) => csvCell(answer[column] ?? null)));
  return [Array.from(columns, csvCell), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/** Agents rename fields that are called like a member of every row; one that did not must not hide that member. */
function memberName(field: string, fields: Readonly<Record<string, unknown>>): string {
  if (!(ownMembers as readonly string[]).includes(field)) return field;
  let name = `${field}_`;
  while (Object.hasOwn(fields, name)) name += "_";
  return name;
}

function csvCell(value: JsonValue): string {
  if (value === null) return "";
  const text = typeof value === "string" ? value : stringifyJson(value);
  return text === "" || mustQuote.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
