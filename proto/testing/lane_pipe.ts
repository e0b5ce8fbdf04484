/** One lane of a link in memory, in one direction: bytes wait for their time, writers for room. */
import { ok } from "node:assert/strict";
import { Fault } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** What a pipe asks its surroundings; read anew each time. */
export interface LanePipeOptions {
  readonly clock: Clock;
  readonly conditions: { readonly windowBytes: number; readonly pieceBytesMax: number };
  /** Uptime at which bytes written now arrive. */
  dueMs(bytes: number): number;
}

/** Keeps order; holds at most `windowBytes`, or one larger write. */
export class LanePipe {
  readonly #options: LanePipeOptions;
  readonly #arrived: Uint8Array[] = [];
  /** Bytes written and not yet read. */
  #held = 0;
  #lastDueMs = 0;
  #writingEnded = false;
  #readingEnded = false;
  /** The last write that waits for room; the next one waits behind it. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #wakeWriter = () => {};
  #wakeReader = () => {};
  #reading = false;

  constructor(options: LanePipeOptions) {
    this.#options = options;
  }

  /** Resolves once there was room. Rejects with `link_dead` after the end. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#waiting === 0 && this.#hasRoom(bytes.byteLength)) return this.#take(bytes);
    this.#waiting++;
    const written = this.#turn.then(() => this.#takeWhenRoom(bytes)).finally(() => this.#waiting--);
    this.#turn = written.catch(() => undefined);
    await written;
  }

  /** As {@link Link.read}. */
  async read(into: Uint8Array): Promise<{ bytes: Uint8Array } | undefined> {
    ok(!this.#reading, "one read at a time");
    ok(into.byteLength > 0, "there is room to read into");
    this.#reading = true;
    while (this.#arrived.length === 0 && !this.#readingEnded) {
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    this.#reading = false;
    return this.#arrived.length === 0 ? undefined : { bytes: this.#give(into) };
  }

  /** Refuses further writes; what was written still arrives. */
  endWriting(): void {
    this.#writingEnded = true;
    this.#wakeWriter();
  }

  /** Nothing further will arrive; `discard` drops what has. */
  endReading(options: { discard: boolean }): void {
    this.#readingEnded = true;
    if (options.discard) this.#arrived.length = 0;
    this.#wakeReader();
  }

  /** Loses what is under way. */
  cut(): void {
    this.endWriting();
    this.endReading({ discard: false });
  }

  async #takeWhenRoom(bytes: Uint8Array): Promise<void> {
    while (!this.#hasRoom(bytes.byteLength)) await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    this.#take(bytes);
  }

  /** Also after the end: whoever waits shall be told. */
  #hasRoom(bytes: number): boolean {
    return this.#writingEnded || this.#held === 0 || this.#held + bytes <= this.#options.conditions.windowBytes;
  }

  #take(bytes: Uint8Array): void {
    if (this.#writingEnded) throw new Fault("link_dead", "Cannot write to link: it has ended");
    this.#held += bytes.byteLength;
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#options.dueMs(bytes.byteLength));
    const waitMs = this.#lastDueMs - this.#options.clock.uptimeMs();
    if (waitMs <= 0) this.#arrive(bytes);
    else void this.#options.clock.after(waitMs).then(() => this.#arrive(bytes));
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#readingEnded || bytes.byteLength === 0) return;
    this.#arrived.push(bytes);
    this.#wakeReader();
  }

  #give(into: Uint8Array): Uint8Array {
    const [first] = this.#arrived;
    const count = Math.min(into.byteLength, first.byteLength, this.#options.conditions.pieceBytesMax);
    into.set(first.subarray(0, count));
    if (count === first.byteLength) this.#arrived.shift();
    else this.#arrived[0] = first.subarray(count);
    this.#held -= count;
    this.#wakeWriter();
    return into.subarray(0, count);
  }
}
