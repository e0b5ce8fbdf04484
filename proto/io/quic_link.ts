/** One QUIC connection as a Link, once its streams are known. */
import { ok } from "node:assert/strict";
import type { Lane } from "../class.ts";
import { Fault } from "../errors.ts";
import type { Link, LinkEnd } from "../ports.ts";
import type { LaneWriter } from "./lane_writer.ts";

/** How long a close waits for the transport to take what was written before. */
const drainMsMax = 500;
/** How long the packets of the last writes get before the close, which voids them, follows. */
const lingerMs = 50;
/** The packet that says so leaves after the call that closes. */
const closeSentMs = 5;

/** The lanes of one end. A reader may be on its way; it is undefined when the link ended before. */
export interface LaneEnds {
  readonly out: ReadonlyMap<Lane, LaneWriter>;
  readonly in: ReadonlyMap<Lane, Promise<ReadableStreamBYOBReader | undefined>>;
}

/** See {@link Link}. */
export class QuicLink implements Link {
  readonly peer: string;
  readonly transport = "quic";
  readonly ended: Promise<LinkEnd>;
  readonly #conn: Deno.QuicConn;
  readonly #out: LaneEnds["out"];
  readonly #in: LaneEnds["in"];
  readonly #settle: (end: LinkEnd) => void;
  #over = false;

  constructor(conn: Deno.QuicConn, ends: LaneEnds) {
    this.#conn = conn;
    this.#out = ends.out;
    this.#in = ends.in;
    const { hostname, port } = conn.remoteAddr;
    this.peer = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    const ended = Promise.withResolvers<LinkEnd>();
    this.ended = ended.promise;
    this.#settle = ended.resolve;
    conn.closed.then(
      ({ closeCode, reason }) => this.#end({ code: closeCode, reason, by: "peer" }),
      (cause) => this.#end({ code: 0, reason: cause instanceof Error ? cause.message : String(cause), by: "network" }),
    );
  }

  async write(lane: Lane, bytes: Uint8Array): Promise<void> {
    const writer = this.#out.get(lane);
    ok(writer !== undefined, `lane "${lane}" can be written from this end`);
    if (this.#over) throw new Fault("link_dead", "Cannot write to link: it has ended");
    await writer.write(bytes);
  }

  async read(lane: Lane, into: Uint8Array): Promise<{ bytes: Uint8Array } | undefined> {
    const opening = this.#in.get(lane);
    ok(opening !== undefined, `lane "${lane}" can be read from this end`);
    const reader = await opening;
    if (reader === undefined || this.#over) return undefined;
    try {
      const { done, value } = await reader.read(into);
      return done || value === undefined || this.#over ? undefined : { bytes: value };
    } catch {
      // Streams end with their connection; why it ended is told by `ended`.
      return undefined;
    }
  }

  close(end: { code: number; reason: string }): void {
    if (this.#over) return;
    this.#over = true;
    // What the peer still sends must not lie in memory until the last words are out.
    for (const opening of this.#in.values()) void opening.then((reader) => reader?.cancel()).catch(() => undefined);
    void this.#closeBehindWrites(end);
  }

  async #closeBehindWrites({ code, reason }: { code: number; reason: string }): Promise<void> {
    const drained = Promise.all([...this.#out.values()].map((writer) => writer.drained()));
    await atMost(drainMsMax, drained);
    await atMost(lingerMs, this.#conn.closed.catch(() => undefined));
    this.#conn.close({ closeCode: code, reason });
    await new Promise((resolve) => setTimeout(resolve, closeSentMs));
    this.#finish({ code, reason, by: "self" });
  }

  #end(end: LinkEnd): void {
    // When this side has called close, its own words stand.
    if (this.#over) return;
    this.#over = true;
    this.#finish(end);
  }

  #finish(end: LinkEnd): void {
    for (const writer of this.#out.values()) writer.end();
    this.#settle(end);
  }
}

/** Waits for the work, but no longer than that. */
async function atMost(waitMs: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const handle = setTimeout(timer.resolve, waitMs);
  await Promise.race([work, timer.promise]);
  clearTimeout(handle);
}
