/** One full segment with all that is known of it, and the judgement of what a reading makes of its damaged bytes. */
import assert from "node:assert/strict";
import { countOf, type Ranges, subtract } from "#proto/ranges.ts";
import type { Shape } from "#proto/shape.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { segmentName } from "../files.ts";
import { openRing } from "../ring.ts";
import { scanSegment, walkRecords } from "../scan.ts";
import { decodeSegmentHeader, headerBytes, type SegmentHeader } from "../segment_header.ts";
import { frame, ringOptions } from "./rig.ts";

/** A record and where its entry lies. */
interface WholeRecord {
  readonly seq: number;
  readonly start: number;
  readonly end: number;
  readonly body: Uint8Array;
}

/** A segment as it was written. */
export interface WholeSegment {
  readonly bytes: Uint8Array;
  readonly header: SegmentHeader;
  readonly records: readonly WholeRecord[];
  readonly shapes: readonly Shape[];
}

/** Fills a segment with records of many lengths. */
export async function fillSegment(segmentBytes: number): Promise<WholeSegment> {
  const disk = new VirtualDisk(seededRandom(1));
  const ring = await openRing({ ...ringOptions(1), disk, segmentBytes, bytesMax: 16 * segmentBytes });
  const name = segmentName(2);
  for (let number = 1; !(await disk.list()).includes(segmentName(3)); number++) {
    await ring.append("normal", [frame(number, 20 + (number * 37) % 400)]);
  }
  const [image] = disk.images(name);
  const bytes = image.slice();
  await ring.close();
  const header = decodeSegmentHeader(bytes);
  assert.ok(header !== undefined);
  const records: WholeRecord[] = [];
  const shapes: Shape[] = [];
  for (const { seq, start, end, body } of walk(bytes, { header, shapes })) {
    if (body !== undefined) records.push({ seq, start, end, body: body.slice() });
  }
  return { bytes, header, records, shapes };
}

/** Flips one bit in place: the second time puts it right. */
export function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] ^= 1 << (bit & 7);
}

/** The records that damage from one offset to another hits. */
export function hitBy({ records }: WholeSegment, { from, to }: { from: number; to: number }): Ranges {
  const hit = records.filter(({ start, end }) => start < to && from < end);
  return hit.length === 0 ? [] : [{ first: hit[0].seq, last: hit[hit.length - 1].seq }];
}

/**
 * Reads damaged bytes. What was read must be what was written; what was not is given back, as a gap record would name it
 * when `last` is how far the segment is known to have reached.
 */
export function readDamaged(bytes: Uint8Array, whole: WholeSegment, { last }: { last: number | undefined }): Ranges {
  const header = decodeSegmentHeader(bytes);
  assert.ok(header !== undefined && areSame(header, whole.header), "one damaged place costs no header");
  const { content, last: found } = scanSegment(bytes, whole.header);
  const { first } = whole.header;
  const shapes: Shape[] = [];
  let read = 0;
  for (const { seq, body } of walk(bytes, { header: whole.header, shapes })) {
    if (body === undefined) continue;
    const written = whole.records[seq - first];
    if (!areEqual(body, written.body)) assert.fail(`seq ${seq} is read as something else`);
    read++;
  }
  // The same bytes under the same shapes are the same records.
  if (read > 0) assert.deepEqual(shapes.map(({ hash }) => hash), whole.shapes.map(({ hash }) => hash));
  assert.equal(read, countOf(content.held), "the scan tells what a reading finds");
  return subtract([{ first, last: last ?? found }], content.held);
}

function walk(bytes: Uint8Array, { header, shapes }: { header: SegmentHeader; shapes: Shape[] }) {
  return walkRecords(bytes, { base: 0, from: headerBytes, salt: header.salt, first: header.first, shapes });
}

function areSame(a: SegmentHeader, b: SegmentHeader): boolean {
  const rest = a.first === b.first && a.salt === b.salt && a.createdNs === b.createdNs && a.class === b.class;
  return rest && a.id === b.id && a.epoch === b.epoch && a.clockOffsetNs === b.clockOffsetNs;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
