/**
 * The relay's backbone over NATS: the local leaf carries it to the hub, where JetStream lives.
 *
 * Bundles are published as plain messages with a reply subject of our own instead of through the JetStream client: the
 * answer may come whenever it comes, costs no timer, and still counts when a repeat is under way (ADR-22 and the
 * JetStream wire protocol: header `Nats-Msg-Id`, answer `{"stream", "seq"}` or `{"error"}`, status 503 when nobody
 * listens).
 */
import { jetstream, type JetStreamClient, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import {
  headers,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from "@nats-io/nats-core";
import { Fault } from "#proto/errors.ts";
import type { RelayName } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import {
  ackSubject,
  allCommandsSubject,
  allNodesSubject,
  allSessionsSubject,
  allStopsSubject,
  ledgerSubject,
  ownerSubject,
  revokedSubject,
  sessionSubject,
  shapeBucket,
  telemetryStream,
  telemetrySubject,
} from "#proto/subjects.ts";
import { backboneTimeoutMs, flushEveryBytes, ledgerTimeoutMs, unflushedBytesMax } from "../limits.ts";
import type { Backbone, BackboneEars, LogMessage, ProofStore } from "../ports.ts";

/** Settings of {@link natsBackbone}. */
export interface NatsBackboneOptions {
  readonly connection: NatsConnection;
  readonly relay: RelayName;
  readonly shard: number;
  /** Unique to this start of the shard: part of message ids, so that no repeat is mistaken for another's. */
  readonly run: string;
  /** JetStream domain of the hub; undefined when connected to the hub itself. */
  readonly domain: string | undefined;
  readonly log: Log;
}

/** Makes the backbone of one shard. The connection stays its owner's. */
export async function natsBackbone(options: NatsBackboneOptions): Promise<Backbone> {
  const { connection, domain } = options;
  const api = { domain, timeout: backboneTimeoutMs };
  // Bound, not opened: neither call asks the server anything.
  const shapes = await new Kvm(jetstream(connection, api)).open(shapeBucket, { allow_direct: true });
  const admin = await jetstreamManager(connection, { ...api, checkAPI: false });
  const publisher = new Publisher(options);
  return {
    log: publisher,
    shapes: shapeStore(shapes),
    proofs: proofStore(jetstream(connection, api)),
    listen: (ears) => listen(ears, { ...options, publisher }),
    askLedger: (partition, request) => askLedger(connection, { partition, request }),
    announce: (subject, bytes) => publisher.announce(subject, bytes),
    probe: () => translated("Cannot reach the log", () => admin.streams.info(telemetryStream)).then(() => undefined),
  };
}

/** Publishes without waiting and without letting the client's buffer grow past a bound. */
class Publisher {
  readonly #connection: NatsConnection;
  readonly #messageIdPrefix: string;
  readonly #replyPrefix: string;
  #isConnected = true;
  #unflushedBytes = 0;
  #isFlushing = false;

  constructor({ connection, relay, shard, run, log }: NatsBackboneOptions) {
    this.#connection = connection;
    this.#messageIdPrefix = `${relay}.${shard}.${run}.`;
    // The run keeps answers to an earlier start of this shard, whose numbers were the same, apart.
    this.#replyPrefix = `${inboxPrefixOf(relay, shard)}.placed.${run}.`;
    this.#watch(log);
  }

  /** Where answers to published bundles arrive; the last token is the message's number. */
  get replies(): string {
    return `${this.#replyPrefix}*`;
  }

  publish({ number, lane, partition, bytes }: LogMessage): boolean {
    if (!this.#isConnected || this.#unflushedBytes > unflushedBytesMax) return false;
    const idHeader = headers();
    idHeader.set("Nats-Msg-Id", `${this.#messageIdPrefix}${number}`);
    this.#connection.publish(telemetrySubject(lane, partition), bytes, {
      reply: `${this.#replyPrefix}${number}`,
      headers: idHeader,
    });
    this.#count(bytes.byteLength);
    return true;
  }

  announce(subject: string, bytes: Uint8Array): void {
    if (!this.#isConnected || this.#unflushedBytes > unflushedBytesMax) return;
    this.#connection.publish(subject, bytes);
    this.#count(bytes.byteLength);
  }

  #count(bytes: number): void {
    this.#unflushedBytes += bytes;
    if (this.#isFlushing || this.#unflushedBytes < flushEveryBytes) return;
    this.#isFlushing = true;
    const flushed = this.#unflushedBytes;
    const done = (left: number) => {
      this.#unflushedBytes = left;
      this.#isFlushing = false;
    };
    // A flush fails when the connection does, and with it the client has dropped its buffer.
    this.#connection.flush().then(() => done(this.#unflushedBytes - flushed), () => done(0));
  }

  async #watch(log: Log): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "disconnect") this.#isConnected = false;
      if (status.type === "reconnect") this.#isConnected = true;
      if (status.type === "disconnect" || status.type === "reconnect") {
        log.warn(status.type === "reconnect" ? "Connected to NATS again" : "Lost NATS", { server: status.server });
      }
      if (status.type === "error") log.error("NATS refused something", { reason: status.error.message });
    }
    this.#isConnected = false;
  }
}

/** Prefix of every reply subject of one shard: a relay's user may be limited to its own. */
export function inboxPrefixOf(relay: RelayName, shard: number): string {
  return `_INBOX_relay.${relay}.${shard}`;
}

function listen(ears: BackboneEars, options: NatsBackboneOptions & { publisher: Publisher }): void {
  const { connection, relay, shard, publisher, log } = options;
  connection.subscribe(publisher.replies, {
    callback: (error, message) => error === null ? handleAnswer(message, ears) : logDenied(log, error),
  });
  connection.subscribe(ackSubject(relay, shard), {
    callback: (error, message) => error === null ? ears.verdicts(message.data) : logDenied(log, error),
  });
  connection.subscribe(ownerSubject, {
    callback: (error, message) => error === null ? ears.owner(message.data) : logDenied(log, error),
  });
  connection.subscribe(allSessionsSubject, {
    callback: (error, { subject, data }) => {
      const [, , vehicle] = subject.split(".");
      return error === null ? ears.login(vehicle, data) : logDenied(log, error);
    },
  });
  connection.subscribe(allNodesSubject, {
    callback: (error, { subject, data }) => {
      const [, , relay, shard] = subject.split(".");
      return error === null ? ears.node({ relay, shard }, data) : logDenied(log, error);
    },
  });
  for (const [subject, isStop] of [[allCommandsSubject, false], [allStopsSubject, true]] as const) {
    connection.subscribe(subject, {
      callback: (error, { subject, data }) => {
        const [, , vehicle] = subject.split(".");
        // A copy: it may wait in a link, and the client's view would keep a whole packet alive.
        return error === null ? ears.order(vehicle, { bytes: data.slice(), isStop }) : logDenied(log, error);
      },
    });
  }
  connection.subscribe(revokedSubject, {
    callback: (error) => error === null ? ears.revoked() : logDenied(log, error),
  });
}

function logDenied(log: Log, error: Error): void {
  log.error("NATS does not let the relay listen", { reason: error.message });
}

function handleAnswer(message: Msg, ears: BackboneEars): void {
  const number = Number(message.subject.slice(message.subject.lastIndexOf(".") + 1));
  if (message.headers?.code === 503) return ears.refused(number, "nobody listens on the subject");
  const place = placeOf(message);
  if (typeof place === "number") ears.placed(number, place);
  else ears.refused(number, place);
}

/** The place that an answer of JetStream names, or why there is none. */
function placeOf(message: Msg): number | string {
  try {
    const { seq, error } = message.json<{ seq?: unknown; error?: { description?: unknown } }>();
    if (Number.isSafeInteger(seq) && Number(seq) > 0) return Number(seq);
    return `${error?.description ?? "an answer without a place"}`;
  } catch {
    return "an answer that is not JSON";
  }
}

function shapeStore(bucket: KV): Backbone["shapes"] {
  return {
    read: (hash) =>
      translated(`Cannot read shape "${hash}"`, async () => {
        const entry = await bucket.get(hash);
        // A copy: the client's view would keep a whole packet alive.
        return entry === null || entry.operation !== "PUT" ? undefined : entry.value.slice();
      }),
    keep: (hash, definition) =>
      translated(`Cannot store shape "${hash}"`, async () => {
        await bucket.put(hash, definition);
      }),
  };
}

function proofStore(js: JetStreamClient): ProofStore {
  return {
    keep: ({ vehicle, session }, proof) =>
      translated(`Cannot keep the proof of a session of "${vehicle}"`, async () => {
        await js.publish(sessionSubject(vehicle, session), proof);
      }),
  };
}

function askLedger(connection: NatsConnection, ask: { partition: number; request: Uint8Array }): Promise<Uint8Array> {
  return translated(`Cannot ask the owner of partition ${ask.partition}`, async () => {
    const answer = await connection.request(ledgerSubject(ask.partition), ask.request, { timeout: ledgerTimeoutMs });
    return answer.data;
  });
}

/** What the client throws, as Faults. */
async function translated<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isLate = cause instanceof TimeoutError;
    const isUnheard = cause instanceof NoRespondersError || (cause instanceof RequestError && cause.isNoResponders());
    const reason = cause instanceof Error ? cause.message : String(cause);
    const found = isLate ? "no answer in time" : isUnheard ? "nobody is there to answer" : reason;
    throw new Fault(isLate ? "deadline" : "unavailable", `${action}: ${found}`, { cause });
  }
}
