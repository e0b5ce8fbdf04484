/**
 * Link frames: what a lane carries. Source: protocol.md section 2.
 *
 *     u32 length of payload | u8 kind | u8 flags | u8 lane | u8 reserved (0) | payload       little endian
 *
 * Flags: 1 must understand, 2 more follows. Others, and the reserved byte, are ignored when read.
 */
import { ok } from "node:assert/strict";
import { type Lane, lanes } from "./class.ts";
import { Fault } from "./errors.ts";
import { linkFrameBytesMax, linkFrameBytesMaxBeforeLogin, linkHeaderBytes } from "./limits.ts";

/** Every kind of frame with its number on the wire. */
export const frameKinds = {
  open: 0,
  hello: 1,
  challenge: 2,
  proof: 3,
  welcome: 4,
  refuse: 5,
  redirect: 6,
  ping: 7,
  pong: 8,
  readReport: 9,
  goodbye: 10,
  inventory: 11,
  held: 12,
  shapeUse: 13,
  batch: 14,
  received: 15,
  verdicts: 16,
  lost: 17,
  resend: 18,
} as const;

/** Name of a kind. */
export type FrameKindName = keyof typeof frameKinds;
/** Number of a kind that this version knows. */
export type FrameKind = typeof frameKinds[FrameKindName];

/** The link must end when the receiver does not know the kind. */
export const mustUnderstandFlag = 1;
/** The payload goes on in the next frame of the lane. */
export const moreFollowsFlag = 2;

/** One frame as {@link FrameDecoder} gives it: always of a known kind and lane. */
export interface LinkFrame {
  readonly kind: FrameKind;
  readonly lane: Lane;
  readonly flags: number;
  /** A view, not a copy: see {@link FrameDecoder} for how long it holds. */
  readonly payload: Uint8Array;
}

/** Settings of {@link encodeFrame}. */
export interface FrameOptions {
  readonly lane: Lane;
  readonly payload?: Uint8Array;
  readonly mustUnderstand?: boolean;
  readonly moreFollows?: boolean;
}

/** Encodes one frame into fresh bytes. */
export function encodeFrame(kind: FrameKind, options: FrameOptions): Uint8Array {
  const payload = options.payload ?? new Uint8Array(0);
  const bytes = new Uint8Array(linkHeaderBytes + payload.byteLength);
  ok(bytes.byteLength <= linkFrameBytesMax, `frame of ${bytes.byteLength} bytes fits into ${linkFrameBytesMax}`);
  new DataView(bytes.buffer).setUint32(0, payload.byteLength, true);
  bytes[4] = kind;
  bytes[5] = (options.mustUnderstand ? mustUnderstandFlag : 0) | (options.moreFollows ? moreFollowsFlag : 0);
  bytes[6] = lanes.indexOf(options.lane);
  bytes.set(payload, linkHeaderBytes);
  return bytes;
}

/**
 * Cuts a lane's bytes into frames as they come. Hand in each chunk with {@link push}, then take frames with
 * {@link next} until it gives none. Frames that lie whole in a chunk are views of it; only what straddles two chunks
 * is copied. So a frame's payload, and the chunk, must be left alone until the next `push`, and not used after it.
 *
 * Frames of unknown kind are skipped, or refused when they must be understood. A Fault ends the stream: there is no
 * finding the next frame again.
 */
export class FrameDecoder {
  /** Largest frame (header and payload) taken; raised after login. */
  bytesMax: number;

  constructor(bytesMax: number = linkFrameBytesMaxBeforeLogin) {
    this.bytesMax = bytesMax;
  }

  /** Takes a chunk. The one before must have been emptied. */
  push(_chunk: Uint8Array): void {
    throw new Error("to be written");
  }

  /**
   * The next frame, or undefined when the chunk is used up. Throws `frame_too_large`, `bad_frame_header` (no such lane),
   * `unknown_frame_kind`.
   */
  next(): LinkFrame | undefined {
    throw new Fault("internal", "to be written");
  }
}
