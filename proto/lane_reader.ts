/** Reads one lane of a link frame by frame, with little memory while nothing comes. */
import type { Lane } from "./class.ts";
import type { FrameDecoder, LinkFrame } from "./frame.ts";
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

/**
 * Reads a lane until it ends; then returns. Throws the decoder's Faults, `unexpected_frame` for a frame of another lane
 * or an `open`, and whatever a handler throws.
 */
export function readFrames(_link: Link, _lane: Lane, _options: LaneReaderOptions): Promise<void> {
  throw new Error("to be written");
}
