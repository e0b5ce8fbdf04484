/**
 * Cursors: where an answer ended, as text that callers hand back and do not read. It holds the key of the last row, so rows
 * that are written meanwhile neither repeat nor hide others, and a mark of the question, so that it fits no other.
 *
 *     offset  size  field                                    big endian
 *          0     1  version (1)
 *          1     8  mark: SHA-256 of vehicle, stream and order, cut
 *          9     8  ts
 *         17     8  epoch
 *         25     1  class
 *         26     8  seq
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { classes, classNumber, isClassNumber } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import type { RowKey, RowQuery } from "../lib/store/rows.ts";

/** What a cursor belongs to. */
export type CursorScope = Pick<RowQuery, "vehicle" | "stream" | "order">;

const version = 1;
const markBytes = 8;
const cursorBytes = 34;

/** The cursor behind a row. */
export function encodeCursor(scope: CursorScope, { ts, epoch, class: name, seq }: RowKey): string {
  const bytes = Buffer.alloc(cursorBytes);
  bytes.writeUInt8(version, 0);
  markOf(scope).copy(bytes, 1);
  bytes.writeBigInt64BE(ts, 9);
  bytes.writeBigInt64BE(epoch, 17);
  bytes.writeUInt8(classNumber(name), 25);
  bytes.writeBigInt64BE(BigInt(seq), 26);
  return bytes.toString("base64url");
}

/** Reads a cursor. Throws `bad_query` when it is damaged, or of another vehicle, stream or order. */
export function decodeCursor(scope: CursorScope, text: string): RowKey {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== cursorBytes || bytes.toString("base64url") !== text || bytes.readUInt8(0) !== version) {
    throw refusal(text, "it is damaged");
  }
  if (!bytes.subarray(1, 1 + markBytes).equals(markOf(scope))) {
    throw refusal(text, "it belongs to another vehicle, stream or order");
  }
  const [epoch, classAt, seq] = [bytes.readBigInt64BE(17), bytes.readUInt8(25), Number(bytes.readBigInt64BE(26))];
  if (epoch <= 0n || !isClassNumber(classAt) || !Number.isSafeInteger(seq)) throw refusal(text, "it is damaged");
  return { ts: bytes.readBigInt64BE(9), epoch: parseEpoch(epoch), class: classes[classAt], seq };
}

function markOf({ vehicle, stream, order }: CursorScope): Buffer {
  return createHash("sha256").update(`${vehicle} ${stream} ${order}`).digest().subarray(0, markBytes);
}

function refusal(text: string, why: string): Fault {
  return new Fault("bad_query", `Cannot go on from cursor "${text.slice(0, 60)}": ${why}`, { pointer: "/cursor" });
}
