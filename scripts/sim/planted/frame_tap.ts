/** Puts itself between an agent and its link, frame by frame. */
import { type Lane, lanes } from "#proto/class.ts";
import { encodeFrame, FrameDecoder, type LinkFrame } from "#proto/frame.ts";
import { linkFrameBytesMax } from "#proto/limits.ts";
import type { Dialer, Link } from "#proto/ports.ts";

/** What becomes of a frame: other bytes in its place, or itself when it gives undefined. */
export interface FrameTap {
  received?(frame: LinkFrame): readonly Uint8Array[] | undefined;
  sent?(frame: LinkFrame): readonly Uint8Array[] | undefined;
}

/** A dialer whose links are tapped, each by a tap of its own. */
export function tapped(dialer: Dialer, tap: () => FrameTap): Dialer {
  return { dial: async (target, signal) => tappedLink(await dialer.dial(target, signal), tap()) };
}

function tappedLink(link: Link, tap: FrameTap): Link {
  const decoders = new Map<Lane, FrameDecoder>(lanes.map((lane) => [lane, new FrameDecoder(linkFrameBytesMax)]));
  const outgoing = new Map<Lane, FrameDecoder>(lanes.map((lane) => [lane, new FrameDecoder(linkFrameBytesMax)]));
  const ready = new Map<Lane, Uint8Array[]>(lanes.map((lane) => [lane, []]));
  return {
    peer: link.peer,
    transport: link.transport,
    ended: link.ended,
    close: (end) => link.close(end),
    write: async (lane, bytes) => {
      for (const piece of through(outgoing.get(lane)!, bytes, (frame) => tap.sent?.(frame))) {
        await link.write(lane, piece);
      }
    },
    read: async (lane, into) => {
      const waiting = ready.get(lane)!;
      while (waiting.length === 0) {
        const read = await link.read(lane, new Uint8Array(into.byteLength));
        if (read === undefined) return undefined;
        waiting.push(...through(decoders.get(lane)!, read.bytes, (frame) => tap.received?.(frame)));
      }
      const [first] = waiting;
      const count = Math.min(first.byteLength, into.byteLength);
      into.set(first.subarray(0, count));
      if (count === first.byteLength) waiting.shift();
      else waiting[0] = first.subarray(count);
      return { bytes: into.subarray(0, count) };
    },
  };
}

type Change = (frame: LinkFrame) => readonly Uint8Array[] | undefined;

function through(decoder: FrameDecoder, bytes: Uint8Array, change: Change): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  decoder.push(bytes);
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
    pieces.push(...change(frame) ?? [sameFrame(frame)]);
  }
  return pieces;
}

function sameFrame({ kind, lane, flags, payload }: LinkFrame): Uint8Array {
  return encodeFrame(kind, { lane, payload, mustUnderstand: (flags & 1) !== 0, moreFollows: (flags & 2) !== 0 });
}
