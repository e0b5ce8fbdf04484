/** Bytes in order, in few blocks: a sender of tiny pieces must not cost more memory than its bytes. */

/** Tiny pieces share a block of so many bytes; a larger piece gets one of its own length. */
const blockBytesMin = 1024;

interface Block {
  readonly bytes: Uint8Array;
  begin: number;
  end: number;
}

/** A queue of bytes. */
export class ByteQueue {
  readonly #blocks: Block[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes a copy. */
  push(bytes: Uint8Array): void {
    this.#length += bytes.byteLength;
    const last = this.#blocks.at(-1);
    const fitting = last === undefined ? 0 : Math.min(last.bytes.byteLength - last.end, bytes.byteLength);
    if (last !== undefined && fitting > 0) append(last, bytes.subarray(0, fitting));
    if (fitting === bytes.byteLength) return;
    const rest = bytes.subarray(fitting);
    const block = { bytes: new Uint8Array(Math.max(blockBytesMin, rest.byteLength)), begin: 0, end: 0 };
    append(block, rest);
    this.#blocks.push(block);
  }

  /** Moves as many bytes as there are and as fit; returns how many. */
  take(into: Uint8Array): number {
    let taken = 0;
    while (taken < into.byteLength && this.#blocks.length > 0) {
      const block = this.#blocks[0];
      const count = Math.min(block.end - block.begin, into.byteLength - taken);
      into.set(block.bytes.subarray(block.begin, block.begin + count), taken);
      taken += count;
      block.begin += count;
      if (block.begin === block.end) this.#blocks.shift();
    }
    this.#length -= taken;
    return taken;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#length = 0;
  }
}

function append(block: Block, bytes: Uint8Array): void {
  block.bytes.set(bytes, block.end);
  block.end += bytes.byteLength;
}
