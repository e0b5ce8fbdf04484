/**
 * The streams of a link over QUIC. Source: protocol.md section 2.
 *
 * The vehicle opens one stream per lane, `control` and `command` in both directions, and sends an `open` frame on each
 * that names the lane; the relay takes that frame off. A lane opened twice, in the wrong direction, or with anything
 * else first ends the link.
 */
import { type Lane, lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import { encodeFrame, FrameDecoder, frameKinds } from "../frame.ts";
import { linkHeaderBytes } from "../limits.ts";
import { closeOf } from "../link_end.ts";
import type { Link } from "../ports.ts";
import { LaneWriter } from "./lane_writer.ts";
import { QuicLink } from "./quic_link.ts";

/** Streams that a relay allows per connection and kind: one per lane. */
export const streamsPerKind = 2;

/** Quinn sends streams of higher order first. */
const sendOrders: Readonly<Record<Lane, number>> = { command: 3, control: 2, live: 1, backfill: 0 };
const twoWayLanes: readonly Lane[] = ["control", "command"];

type Reader = ReadableStreamBYOBReader;

/** The vehicle's end: opens a stream per lane. */
export async function openLanes(conn: Deno.QuicConn): Promise<Link> {
  const out = new Map<Lane, LaneWriter>();
  const incoming = new Map<Lane, Promise<Reader>>();
  for (const lane of lanes) {
    const options = { sendOrder: sendOrders[lane], waitUntilAvailable: true };
    if (twoWayLanes.includes(lane)) {
      const { readable, writable } = await conn.createBidirectionalStream(options);
      incoming.set(lane, Promise.resolve(readable.getReader({ mode: "byob" })));
      out.set(lane, new LaneWriter(Promise.resolve(writable)));
    } else {
      out.set(lane, new LaneWriter(Promise.resolve(await conn.createUnidirectionalStream(options))));
    }
  }
  const link = new QuicLink(conn, { out, in: incoming });
  await Promise.all(lanes.map((lane) => link.write(lane, encodeFrame(frameKinds.open, { lane }))));
  return link;
}

/** The relay's end: lanes fill in as the vehicle opens them. */
export function acceptLanes(conn: Deno.QuicConn): Link {
  const doors = new LaneDoors();
  const link = new QuicLink(conn, doors);
  const refuse = (thrown: unknown) => link.close(closeOf(thrown instanceof Fault ? thrown.code : "link_dead"));
  const twoWay = forEach(
    conn.incomingBidirectionalStreams,
    ({ readable, writable }) => void doors.attach(readable, writable).catch(refuse),
  );
  const oneWay = forEach(conn.incomingUnidirectionalStreams, (readable) => void doors.attach(readable).catch(refuse));
  // Both fail with the connection, and `ended` says why.
  Promise.all([twoWay, oneWay]).catch(() => undefined);
  void link.ended.then(() => doors.close());
  return link;
}

/** Where the relay's lanes wait for their streams. */
class LaneDoors {
  readonly in: ReadonlyMap<Lane, Promise<Reader | undefined>>;
  readonly out: ReadonlyMap<Lane, LaneWriter>;
  readonly #readers = new Map(lanes.map((lane) => [lane, Promise.withResolvers<Reader | undefined>()]));
  readonly #writables = new Map(
    twoWayLanes.map((lane) => [lane, Promise.withResolvers<WritableStream<Uint8Array>>()]),
  );
  readonly #attached = new Set<Lane>();

  constructor() {
    this.in = new Map([...this.#readers].map(([lane, { promise }]) => [lane, promise]));
    this.out = new Map([...this.#writables].map(([lane, { promise }]) => [lane, new LaneWriter(promise)]));
  }

  /** Reads which lane a stream is, and lets it in; throws `unexpected_frame` or `bad_frame_header`. */
  async attach(readable: Deno.QuicReceiveStream, writable?: Deno.QuicSendStream): Promise<void> {
    const reader = readable.getReader({ mode: "byob" });
    try {
      const lane = await readOpening(reader);
      if (lane !== undefined) this.#letIn(lane, { reader, writable });
    } catch (thrown) {
      // Nobody will read the rest, which must not lie in memory until the link has ended.
      reader.cancel().catch(() => undefined);
      throw thrown;
    }
  }

  #letIn(lane: Lane, { reader, writable }: { reader: Reader; writable: Deno.QuicSendStream | undefined }): void {
    const twoWay = writable !== undefined;
    if (this.#attached.has(lane) || twoWay !== twoWayLanes.includes(lane)) {
      throw new Fault("unexpected_frame", `Cannot open lane "${lane}": it is open already or of another direction`);
    }
    this.#attached.add(lane);
    if (twoWay) {
      writable.sendOrder = sendOrders[lane];
      this.#writables.get(lane)?.resolve(writable);
    }
    this.#readers.get(lane)?.resolve(reader);
  }

  /** No stream will come any more. */
  close(): void {
    for (const { resolve } of this.#readers.values()) resolve(undefined);
  }
}

/** Takes the first frame off a stream and gives the lane that it names; undefined when the stream ends before. */
async function readOpening(reader: Reader): Promise<Lane | undefined> {
  const decoder = new FrameDecoder(linkHeaderBytes);
  for (let missing = linkHeaderBytes; missing > 0;) {
    const { done, value } = await reader.read(new Uint8Array(missing));
    if (done || value === undefined) return undefined;
    missing -= value.byteLength;
    decoder.push(value);
    const frame = decoder.next();
    if (frame?.kind === frameKinds.open) return frame.lane;
  }
  throw new Fault("unexpected_frame", "Cannot open lane: its first frame is not an open");
}

async function forEach<T>(streams: ReadableStream<T>, handle: (stream: T) => void): Promise<void> {
  for await (const stream of streams) handle(stream);
}
