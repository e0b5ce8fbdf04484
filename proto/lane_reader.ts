/** Reads one lane of a link frame by frame, with little memory while nothing comes. */
import type { Lane } from "./class.ts";
import { Fault } from "./errors.ts";
import { type FrameDecoder, frameKinds, type LinkFrame } from "./frame.ts";
import type { Link } from "./ports.ts";

/** What {@link readFrames} calls. */
export interface LaneReaderOptions {
  readonly decoder: FrameDecoder;
  /**
   * Takes one frame, valid until this returns or, when it returns a promise, until that settles: not waiting for what
   * it starts means copying the payload. Waiting holds the peer back.
   */
  handleFrame(frame: LinkFrame): void | Promise<void>;
  /** Told of every chunk before its frames: the peer lives, and so many bytes were read. */
  handleBytes?(count: number): void;
}

/** Buffer of a lane on which nothing comes: a relay holds four per vehicle. */
const idleBufferBytes = 1024;
/** Buffer of a lane that filled the last one: each read costs some microseconds, whatever it brings. */
const busyBufferBytes = 64 * 1024;

/**
 * Reads a lane until it ends; then returns. Throws the decoder's Faults, `unexpected_frame` for a frame of another lane
 * or an `open`, and whatever a handler throws.
 */
export async function readFrames(link: Link, lane: Lane, options: LaneReaderOptions): Promise<void> {
  let buffer = new Uint8Array(idleBufferBytes);
  for (;;) {
    // Its length is taken first: a read may detach the buffer.
    const bufferBytes = buffer.byteLength;
    const chunk = await link.read(lane, buffer);
    if (chunk === undefined) return;
    options.handleBytes?.(chunk.bytes.byteLength);
    options.decoder.push(chunk.bytes);
    await handleFrames(lane, options);
    buffer = nextBuffer(chunk.bytes, bufferBytes);
  }
}

async function handleFrames(lane: Lane, { decoder, handleFrame }: LaneReaderOptions): Promise<void> {
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
    if (frame.lane !== lane || frame.kind === frameKinds.open) {
      const found = `kind ${frame.kind} for lane "${frame.lane}"`;
      throw new Fault("unexpected_frame", `Cannot take frame on lane "${lane}": it is of ${found}`);
    }
    // Waiting only where there is something to wait for: most frames are handled at once.
    const handled = handleFrame(frame);
    if (handled !== undefined) await handled;
  }
}

/** Large after a full read, small after one that a small buffer would have held, else the same again. */
function nextBuffer(read: Uint8Array, bufferBytes: number): Uint8Array<ArrayBuffer> {
  if (read.byteLength === bufferBytes && bufferBytes < busyBufferBytes) return new Uint8Array(busyBufferBytes);
  if (read.byteLength <= idleBufferBytes && bufferBytes > idleBufferBytes) return new Uint8Array(idleBufferBytes);
  return new Uint8Array(read.buffer as ArrayBuffer, 0, bufferBytes);
}
