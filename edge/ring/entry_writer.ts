/** Entries that gather in memory until one write takes them to their place in a segment. The format: entry.ts. */
import { crc32c } from "#proto/crc32c.ts";
import { endBody, endEntryBytes, entryHeaderBytes, type EntryKind, entryKinds, headCheck } from "./entry.ts";

/** Writes entries one behind the other, heads and checksums too. */
export class EntryWriter {
  readonly #salt: number;
  readonly #bytesMax: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Offset in the file of the first byte. */
  #base = 0;
  #length: number;

  /** `begin`: the file's first bytes, which are no entries; no more than `bytesMax` are needed at a time. */
  constructor(begin: Uint8Array<ArrayBuffer>, { salt, bytesMax }: { salt: number; bytesMax: number }) {
    this.#bytes = begin;
    this.#view = new DataView(begin.buffer);
    this.#length = begin.length;
    this.#salt = salt;
    this.#bytesMax = bytesMax;
  }

  /** Offset in the file of what is not yet written. */
  get base(): number {
    return this.#base;
  }

  /** Offset in the file of the next entry. */
  get end(): number {
    return this.#base + this.#length;
  }

  /** Writes an entry. */
  write(kind: EntryKind, body: Uint8Array): void {
    this.#reserve(entryHeaderBytes + body.length);
    this.#bytes.set(body, this.#length + entryHeaderBytes);
    this.seal(kind, body.length);
  }

  /** Lays down entries without their heads; {@link seal} must follow for each, in order. */
  lay(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
  }

  /** Writes the head before a body that is there. */
  seal(kind: EntryKind, length: number): void {
    const at = this.#length;
    const from = at + entryHeaderBytes;
    const view = this.#view;
    const salt = this.#salt;
    view.setUint32(at, entryKinds[kind] | (length << 8), true);
    view.setUint32(at + 4, crc32c(this.#bytes, salt, from, from + length), true);
    view.setUint32(at + 8, headCheck(view, { at, offset: this.#base + at, salt }), true);
    this.#length = from + length;
  }

  /** All that is not yet written, and behind it the end of what is: `last` is the highest seq before it. */
  ended(last: number): Uint8Array<ArrayBuffer> {
    const length = this.#length;
    this.write("end", endBody(last));
    this.#length = length;
    return this.#bytes.subarray(0, length + endEntryBytes);
  }

  /** What {@link ended} gave is written: what comes next goes over its end. */
  begin(): void {
    this.#base += this.#length;
    this.#length = 0;
  }

  /** Makes room for entries, and for the end behind them. */
  #reserve(bytes: number): void {
    const wanted = this.#length + bytes + endEntryBytes;
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, Math.min(this.#bytesMax, 2 * wanted)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
