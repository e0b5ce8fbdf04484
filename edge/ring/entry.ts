/**
 * Entries: what follows a segment's header, one behind the other without padding.
 *
 *     u8 kind | u24 body length | u32 CRC32C(body) | u32 CRC32C(the 8 bytes before, offset in the file) | body
 *
 * All checksums start from the segment's salt. The second one makes an entry's head recognizable by itself: after
 * damage the walk tries every byte until a head and its body both fit, so the damage costs what it hit and no more.
 */
import { crc32c, crc32cOfWords } from "#proto/crc32c.ts";

/** Numbers of the kinds on disk. */
export const entryKinds = {
  /** One record: the body is `proto/record.ts`. */
  record: 1,
  /** A shape: u32 number in this segment, then its canonical definition. Written twice, before its first use. */
  shape: 2,
  /** End of what is written: u64 highest seq. The next entry is written over it. */
  end: 3,
} as const;
/** Name of an {@link entryKinds}. */
export type EntryKind = keyof typeof entryKinds;

/** Bytes before the body. */
export const entryHeaderBytes = 12;
/** Bytes of an end entry. */
export const endEntryBytes = entryHeaderBytes + 8;

const kindNames: readonly (EntryKind | undefined)[] = [undefined, "record", "shape", "end"];

/** A whole entry, or a place where there is none. Offsets count from the begin of the file. */
export type Walked =
  | { readonly kind: EntryKind; readonly start: number; readonly end: number; readonly body: Uint8Array }
  /** `lost` tells what was there, when the head is whole: then it is that one entry. */
  | { readonly kind: "damage"; readonly start: number; readonly end: number; readonly lost: EntryKind | undefined };

/** What an entry's head tells of its body. */
interface Head {
  readonly kind: EntryKind;
  /** In bytes. */
  readonly length: number;
}

/** The body of an end entry. */
export function endBody(seq: number): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigUint64(0, BigInt(seq), true);
  return body;
}

/** The seq in the body of an end entry. */
export function endSeq(body: Uint8Array): number {
  return Number(new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0, true));
}

/**
 * Walks over the entries in a piece of a file, in order. Ends behind an end entry, or where no whole entry follows any
 * more: what a power cut tore off at the tail is not reported as damage.
 */
export function* walkEntries(
  bytes: Uint8Array,
  options: { base: number; from: number; salt: number },
): Generator<Walked, void, void> {
  const { base, salt } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = options.from - base;
  let damage: Walked[] = [];
  while (at + entryHeaderBytes <= bytes.length) {
    const head = headAt(view, { bytes, at, offset: base + at, salt });
    if (head === undefined) {
      const next = resync(view, { bytes, at: at + 1, base, salt });
      if (next === undefined) return;
      damage.push({ kind: "damage", start: base + at, end: base + next, lost: undefined });
      at = next;
      continue;
    }
    const end = at + entryHeaderBytes + head.length;
    if (!isWhole(view, { bytes, at, head, salt })) {
      damage.push({ kind: "damage", start: base + at, end: base + end, lost: head.kind });
    } else {
      yield* damage;
      damage = [];
      yield { kind: head.kind, start: base + at, end: base + end, body: bytes.subarray(at + entryHeaderBytes, end) };
      if (head.kind === "end") return;
    }
    at = end;
  }
}

interface At {
  readonly bytes: Uint8Array;
  /** Offset in `bytes`. */
  readonly at: number;
  readonly salt: number;
}

/** The head of an entry at a place, when there is one whose body lies within the piece. */
function headAt(view: DataView, place: At & { offset: number }): Head | undefined {
  const { at, bytes } = place;
  const kind = kindNames[bytes[at]];
  if (kind === undefined) return undefined;
  const length = view.getUint32(at, true) >>> 8;
  if (at + entryHeaderBytes + length > bytes.length || (kind === "end" && length !== 8)) return undefined;
  return view.getUint32(at + 8, true) === headCheck(view, place) ? { kind, length } : undefined;
}

function isWhole(view: DataView, { bytes, at, head, salt }: At & { head: Head }): boolean {
  const from = at + entryHeaderBytes;
  return view.getUint32(at + 4, true) === crc32c(bytes, salt, from, from + head.length);
}

/** The next place where a head and its body are both whole. */
function resync(view: DataView, place: At & { base: number }): number | undefined {
  for (let at = place.at; at + entryHeaderBytes <= place.bytes.length; at++) {
    if (kindNames[place.bytes[at]] === undefined) continue;
    const head = headAt(view, { ...place, at, offset: place.base + at });
    if (head !== undefined && isWhole(view, { ...place, at, head })) return at;
  }
  return undefined;
}

/** The checksum of the eight bytes of a head at a place of a piece, which lies at `offset` in the file. */
export function headCheck(
  view: DataView,
  { at, offset, salt }: { at: number; offset: number; salt: number },
): number {
  return crc32cOfWords(view.getUint32(at, true), view.getUint32(at + 4, true), (salt ^ offset) >>> 0);
}
