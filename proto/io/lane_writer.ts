/** Writes one lane's QUIC stream: what piles up while a write is under way goes out with the next one. */
import { Fault } from "../errors.ts";
import { laneWaitingBytesMax } from "../limits.ts";

interface Waiting {
  readonly bytes: Uint8Array;
  resolve(): void;
  reject(reason: Fault): void;
}

/** Each write costs some microseconds and a segment to remember, so small ones are joined up to here. */
const joinedBytesMax = 64 * 1024;

/** Keeps the order of its calls. */
export class LaneWriter {
  readonly #stream: Promise<WritableStream<Uint8Array>>;
  readonly #endOfWaiting = Promise.withResolvers<never>();
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #pump: Promise<void> | undefined;
  #over = false;

  /** The stream may still be on its way, and may never come. */
  constructor(stream: Promise<WritableStream<Uint8Array>>) {
    this.#stream = stream;
    // Whoever waits for the stream is told; when nobody does, nobody needs to know.
    this.#endOfWaiting.promise.catch(() => undefined);
  }

  /** Resolves once the transport took the bytes. Rejects with `link_dead` after the end. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#over) return Promise.reject(ended());
    if (this.#waitingBytes + bytes.byteLength > laneWaitingBytesMax) {
      const limit = `${laneWaitingBytesMax} bytes wait already`;
      return Promise.reject(new Fault("link_dead", `Cannot write to link: the peer does not read, ${limit}`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#waitingBytes += bytes.byteLength;
      this.#pump ??= this.#writeWaiting();
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
  }

  /** Rejects what waits and everything later. */
  end(): void {
    this.#over = true;
    this.#waitingBytes = 0;
    this.#endOfWaiting.reject(ended());
    for (const { reject } of this.#waiting.splice(0)) reject(ended());
  }

  async #writeWaiting(): Promise<void> {
    // Callers of the same turn are joined as well.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, this.#joinable());
      const bytes = taken.length === 1 ? taken[0].bytes : joined(taken);
      this.#waitingBytes -= bytes.byteLength;
      try {
        this.#writer ??= (await Promise.race([this.#stream, this.#endOfWaiting.promise])).getWriter();
        await this.#writer.write(bytes);
        for (const { resolve } of taken) resolve();
      } catch (cause) {
        for (const { reject } of taken) reject(ended(cause));
        this.end();
      }
    }
    this.#pump = undefined;
  }

  /** How many of the waiting fit into one write; at least one. */
  #joinable(): number {
    let bytes = 0;
    const end = this.#waiting.findIndex((waiting, i) => (bytes += waiting.bytes.byteLength) > joinedBytesMax && i > 0);
    return end < 0 ? this.#waiting.length : end;
  }
}

function joined(parts: readonly Waiting[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let at = 0;
  for (const { bytes } of parts) {
    all.set(bytes, at);
    at += bytes.byteLength;
  }
  return all;
}

function ended(cause?: unknown): Fault {
  return new Fault("link_dead", "Cannot write to link: it has ended", { cause });
}
