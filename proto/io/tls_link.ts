/** One TLS connection as a Link: its stream carries all lanes. */
import { ok } from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import type { Lane } from "../class.ts";
import { asFault, Fault } from "../errors.ts";
import { closeOf } from "../link_end.ts";
import { LaneMux, lanesOf, type LinkSide } from "../mux/lane_mux.ts";
import type { Link, LinkEnd } from "../ports.ts";

/** How long a close waits for the peer to take what was written before. */
const drainMsMax = 500;
/** How long the peer gets to end its side: a reset would make it lose our last words. */
const lingerMsMax = 500;

/** See {@link Link}. */
export class TlsLink implements Link {
  readonly peer: string;
  readonly transport = "tcp";
  readonly ended: Promise<LinkEnd>;
  readonly #socket: TLSSocket;
  readonly #mux: LaneMux;
  readonly #lanes: ReturnType<typeof lanesOf>;
  readonly #settle: (end: LinkEnd) => void;
  /** Who waits for bytes of a lane. */
  readonly #readers = new Map<Lane, () => void>();
  readonly #writers = new Set<(reason: Fault) => void>();
  #isOver = false;
  #closedHere: { code: number; reason: string } | undefined;
  #isFull = false;

  constructor(socket: TLSSocket, side: LinkSide) {
    this.#socket = socket;
    this.#mux = new LaneMux(side, performance.now());
    this.#lanes = lanesOf(side);
    this.peer = peerOf(socket);
    const ended = Promise.withResolvers<LinkEnd>();
    this.ended = ended.promise;
    this.#settle = ended.resolve;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#handleBytes(chunk));
    socket.on("drain", () => this.#handleDrain());
    socket.on("error", ({ message }: Error) => this.#end({ code: 0, reason: message, by: "network" }));
    const gone = () => this.#end({ code: 0, reason: "the connection ended", by: "network" });
    socket.on("end", gone);
    socket.on("close", gone);
  }

  write(lane: Lane, bytes: Uint8Array): Promise<void> {
    ok(this.#lanes.out.includes(lane), `lane "${lane}" can be written from this end`);
    if (this.#isOver || this.#closedHere !== undefined) return Promise.reject(overFault());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onTaken = () => {
      this.#writers.delete(reject);
      resolve();
    };
    this.#writers.add(reject);
    try {
      this.#mux.write(lane, { bytes, onTaken });
    } catch (thrown) {
      this.#writers.delete(reject);
      reject(thrown);
    }
    this.#pump();
    return promise;
  }

  async read(lane: Lane, into: Uint8Array): Promise<{ bytes: Uint8Array } | undefined> {
    ok(this.#lanes.in.includes(lane), `lane "${lane}" can be read from this end`);
    ok(into.byteLength > 0 && !this.#readers.has(lane), "there is room to read into, and one read at a time");
    for (;;) {
      const count = this.#closedHere === undefined ? this.#mux.read(lane, into) : 0;
      if (count > 0) {
        this.#pump();
        return { bytes: into.subarray(0, count) };
      }
      if (this.#isOver || this.#closedHere !== undefined) return undefined;
      await new Promise<void>((resolve) => this.#readers.set(lane, resolve));
      this.#readers.delete(lane);
    }
  }

  close(end: { code: number; reason: string }): void {
    if (this.#isOver || this.#closedHere !== undefined) return;
    this.#closedHere = end;
    this.#mux.close(end);
    this.#wakeReaders();
    const hurry = setTimeout(() => {
      this.#mux.hurry();
      // Nor is a full buffer waited for.
      this.#isFull = false;
      this.#pump();
    }, drainMsMax);
    void this.ended.then(() => clearTimeout(hurry));
    this.#pump();
  }

  #handleBytes(chunk: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#mux.handleBytes(chunk, performance.now());
    } catch (thrown) {
      // What follows cannot be told apart any more.
      this.#socket.removeAllListeners("data").resume();
      return this.close(closeOf(asFault(thrown).code));
    }
    const { peerClose } = this.#mux;
    this.#wakeReaders();
    if (peerClose !== undefined) return this.#end({ ...peerClose, by: "peer" });
    this.#pump();
  }

  #handleDrain(): void {
    this.#isFull = false;
    this.#pump();
  }

  /** Hands the socket what it takes, so that the rest can still be overtaken. */
  #pump(): void {
    while (!this.#isFull && !this.#isOver) {
      const bytes = this.#mux.poll(performance.now());
      if (bytes === undefined) break;
      this.#isFull = !this.#socket.write(bytes);
      if (this.#mux.isClosed) this.#end({ ...this.#closedHere ?? { code: 0, reason: "" }, by: "self" });
    }
  }

  #end(end: LinkEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const reject of this.#writers) reject(overFault());
    this.#writers.clear();
    this.#wakeReaders();
    // When this side has called close, its own words stand.
    this.#settle(this.#closedHere === undefined ? end : { ...this.#closedHere, by: "self" });
    this.#leave();
  }

  /** Ends this side of the stream, and the connection when the peer has done so too or takes too long. */
  #leave(): void {
    if (this.#socket.destroyed) return;
    const late = setTimeout(() => this.#socket.destroy(), lingerMsMax);
    this.#socket.once("end", () => this.#socket.destroy());
    this.#socket.once("close", () => clearTimeout(late));
    this.#socket.end();
    if (this.#socket.readableEnded) this.#socket.destroy();
  }

  #wakeReaders(): void {
    for (const wake of this.#readers.values()) wake();
  }
}

function peerOf({ remoteAddress = "", remotePort = 0 }: TLSSocket): string {
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

function overFault(): Fault {
  return new Fault("link_dead", "Cannot write to link: it has ended");
}
