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
  inventoryWanted: 19,
  // Of a transport that carries all lanes in one stream (mux/wire.ts)
  piece: 20,
  flow: 21,
  close: 22,
  // Of the command lane: a Downward, a SignedEvent
  order: 23,
  commandEvent: 24,
} as const;

/** Name of a kind. */
export type FrameKindName = keyof typeof frameKinds;
/** Number of a kind that this version knows. */
export type FrameKind = typeof frameKinds[FrameKindName];

/** The link must end when the receiver does not know the kind. */
const mustUnderstandFlag = 1;
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

const nothing = new Uint8Array(0);

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
  /** The chunk in hand and how far it is used. */
  #chunk: Uint8Array = nothing;
  #at = 0;
  /** A frame whose beginning came in earlier chunks: the first `#carried` bytes of `#carry`. */
  #carry: Uint8Array = nothing;
  #carried = 0;

  constructor(bytesMax: number = linkFrameBytesMaxBeforeLogin) {
    this.bytesMax = bytesMax;
  }

  /** Takes a chunk. The one before must have been emptied. */
  push(chunk: Uint8Array): void {
    ok(this.#chunk === nothing, "frames of the last chunk were all taken");
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next frame, or undefined when the chunk is used up. Throws `frame_too_large`, `bad_frame_header` (no such lane),
   * `unknown_frame_kind`.
   */
  next(): LinkFrame | undefined {
    for (;;) {
      const bytes = this.#carried > 0 ? this.#nextCarried() : this.#nextInChunk();
      if (bytes === undefined) return this.#letChunkGo();
      const frame = readFrame(bytes);
      if (frame !== undefined) return frame;
    }
  }

  /** The chunk is used up. Its buffer may serve the next read, which detaches it: nothing of it may be looked at again. */
  #letChunkGo(): undefined {
    ok(this.#at === this.#chunk.byteLength, "the chunk is used up");
    this.#chunk = nothing;
    this.#at = 0;
  }

  /** A whole frame that begins in the chunk; undefined moves what is left of the chunk into the carry. */
  #nextInChunk(): Uint8Array | undefined {
    const left = this.#chunk.byteLength - this.#at;
    const bytes = left < linkHeaderBytes ? undefined : this.#frameBytes(this.#chunk, this.#at);
    if (bytes !== undefined && bytes <= left) {
      this.#at += bytes;
      return this.#chunk.subarray(this.#at - bytes, this.#at);
    }
    if (left === 0) {
      // Nothing straddles here: the lane may stay idle for long, so the carry is given back.
      if (this.#carry.byteLength > carryKeptBytesMax) this.#carry = nothing;
      return undefined;
    }
    this.#reserve(bytes ?? linkHeaderBytes);
    this.#fillCarry(left);
    return undefined;
  }

  /** The frame that earlier chunks began; undefined while it is still short. */
  #nextCarried(): Uint8Array | undefined {
    if (this.#carried < linkHeaderBytes && !this.#fillCarry(linkHeaderBytes - this.#carried)) return undefined;
    const bytes = this.#frameBytes(this.#carry, 0);
    this.#reserve(bytes);
    if (!this.#fillCarry(bytes - this.#carried)) return undefined;
    this.#carried = 0;
    return this.#carry.subarray(0, bytes);
  }

  /** Moves up to `wanted` bytes of the chunk into the carry; tells whether there were so many. */
  #fillCarry(wanted: number): boolean {
    const piece = this.#chunk.subarray(this.#at, this.#at + wanted);
    this.#carry.set(piece, this.#carried);
    this.#carried += piece.byteLength;
    this.#at += piece.byteLength;
    return piece.byteLength === wanted;
  }

  #reserve(bytes: number): void {
    if (this.#carry.byteLength >= bytes) return;
    const grown = new Uint8Array(bytes);
    grown.set(this.#carry.subarray(0, this.#carried));
    this.#carry = grown;
  }

  /** Length of the frame whose header stands there. */
  #frameBytes(bytes: Uint8Array, at: number): number {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true) + linkHeaderBytes;
    if (length <= this.bytesMax) return length;
    throw new Fault(
      "frame_too_large",
      `Cannot take link frame of ${length} bytes: at most ${this.bytesMax} are allowed`,
    );
  }
}

/** Carry that an idle decoder may keep: thousands of idle links must cost little. */
const carryKeptBytesMax = 1024;
const knownKinds: ReadonlySet<number> = new Set(Object.values(frameKinds));

function isFrameKind(kind: number): kind is FrameKind {
  return knownKinds.has(kind);
}

/** Undefined for a frame that is to be skipped. */
function readFrame(bytes: Uint8Array): LinkFrame | undefined {
  const kind = bytes[4];
  const flags = bytes[5];
  if (!isFrameKind(kind)) {
    if ((flags & mustUnderstandFlag) === 0) return undefined;
    throw new Fault(
      "unknown_frame_kind",
      `Cannot take link frame of kind ${kind}: it must be understood and is not known`,
    );
  }
  const lane: Lane | undefined = lanes[bytes[6]];
  if (lane === undefined) {
    throw new Fault(
      "bad_frame_header",
      `Cannot take link frame of lane ${bytes[6]}: wanted 0 to ${lanes.length - 1}`,
    );
  }
  return { kind, lane, flags, payload: bytes.subarray(linkHeaderBytes) };
}
