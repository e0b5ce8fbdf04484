/**
 * All lanes of a link in one ordered stream of bytes, for a transport that has no streams of its own. Pure: whoever holds
 * the stream hands in what comes, and sends what {@link LaneMux.poll} gives whenever the stream takes more.
 *
 *     open -- close() --> closing: what waits goes out, what comes is dropped -- drained, or hurry() --> closed
 *     open, closing -- the peer's close frame --> `peerClose` is set
 */
import { type Lane, lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import { FrameDecoder, frameKinds, type LinkFrame } from "../frame.ts";
import { linkFrameBytesMaxBeforeLogin } from "../limits.ts";
import { LaneReceiver } from "./lane_receiver.ts";
import { LaneSender, type Written } from "./lane_sender.ts";
import { type Close, decodeClose, decodeFlow, encodeClose, encodeFlow } from "./wire.ts";

/** Which end of the link this is. */
export type LinkSide = "vehicle" | "relay";

const lanesFrom: Readonly<Record<LinkSide, readonly Lane[]>> = { vehicle: lanes, relay: ["control", "command"] };

/** Which lanes an end writes, and which it reads. */
export function lanesOf(side: LinkSide): { out: readonly Lane[]; in: readonly Lane[] } {
  return { out: lanesFrom[side], in: lanesFrom[side === "vehicle" ? "relay" : "vehicle"] };
}

/** One end. Times are uptime in ms. */
export class LaneMux {
  readonly #decoder = new FrameDecoder(linkFrameBytesMaxBeforeLogin);
  readonly #sender: LaneSender;
  readonly #receiver: LaneReceiver;
  #closing: Close | undefined;
  #isHurried = false;
  #isClosed = false;
  #peerClose: Close | undefined;

  constructor(side: LinkSide, nowMs: number) {
    const own = lanesOf(side);
    this.#sender = new LaneSender(own.out, nowMs);
    this.#receiver = new LaneReceiver(own.in);
  }

  /** How the peer ended the link, once it has. */
  get peerClose(): Close | undefined {
    return this.#peerClose;
  }

  /** Whether the close frame was given out: nothing more is to be sent. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Queues bytes; throws `link_dead` when too many wait. */
  write(lane: Lane, written: Written): void {
    this.#sender.write(lane, written);
  }

  /** Fills `into` as far as there is something on the lane; returns how many bytes. */
  read(lane: Lane, into: Uint8Array): number {
    return this.#receiver.read(lane, into);
  }

  /** Takes what came, whose buffer may be used again afterwards. Throws what ends the link. */
  handleBytes(chunk: Uint8Array, nowMs: number): void {
    if (this.#peerClose !== undefined) return;
    this.#decoder.push(chunk);
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      this.#handleFrame(frame, nowMs);
      if (this.#peerClose !== undefined) return;
    }
  }

  /** The next bytes to send, if there are any. */
  poll(nowMs: number): Uint8Array | undefined {
    if (this.#isClosed) return undefined;
    const flow = this.#closing === undefined ? this.#receiver.pollFlow() : undefined;
    if (flow !== undefined) return encodeFlow(flow);
    const piece = this.#isHurried ? undefined : this.#sender.poll(nowMs);
    if (piece !== undefined) return piece;
    if (this.#closing === undefined || !(this.#isHurried || this.#sender.isDrained)) return undefined;
    this.#isClosed = true;
    return encodeClose(this.#closing);
  }

  /** Ends this side: the close frame follows what waits. */
  close(close: Close): void {
    this.#closing ??= close;
    this.#receiver.clear();
  }

  /** The peer does not take what waits: the close frame is next. */
  hurry(): void {
    this.#isHurried = true;
  }

  #handleFrame({ kind, lane, payload }: LinkFrame, nowMs: number): void {
    switch (kind) {
      case frameKinds.piece:
        if (this.#closing === undefined) this.#receiver.handlePiece(lane, payload);
        return;
      case frameKinds.flow:
        return this.#sender.handleFlow(decodeFlow(payload), nowMs);
      case frameKinds.close:
        this.#peerClose = decodeClose(payload);
        return;
      default:
        throw new Fault("unexpected_frame", `Cannot take frame of kind ${kind} between lanes: wanted a piece of one`);
    }
  }
}
