/** Documents in a bucket of JetStream, replicated like the log. */
import { jetstream, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm, KvWatchInclude } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { Fault } from "#proto/errors.ts";
import { documentTimeoutMs } from "../limits.ts";
import type { DocumentStore, StoredDocument } from "../documents.ts";

/** Opens a bucket, created when it is missing. What is older than `ageMs` is forgotten; 0: nothing. */
export async function openDocuments(
  nats: NatsConnection,
  { bucket, replicas, ageMs = 0 }: { bucket: string; replicas: number; ageMs?: number | undefined },
): Promise<DocumentStore> {
  const js = jetstream(nats, { timeout: documentTimeoutMs });
  const kv = await new Kvm(js).create(bucket, { history: 1, replicas, allow_direct: false, ttl: ageMs });
  await setReplicas(kv, { nats, replicas });
  return new KvDocuments(kv, { nats, bucket });
}

async function setReplicas(kv: KV, { nats, replicas }: { nats: NatsConnection; replicas: number }): Promise<void> {
  const { streamInfo: { config } } = await kv.status();
  if (config.num_replicas === replicas) return;
  const jsm = await jetstream(nats, { timeout: documentTimeoutMs }).jetstreamManager();
  await jsm.streams.update(config.name, { num_replicas: replicas });
}

class KvDocuments implements DocumentStore {
  readonly #kv: KV;
  readonly #nats: NatsConnection;
  readonly #bucket: string;

  constructor(kv: KV, { nats, bucket }: { nats: NatsConnection; bucket: string }) {
    this.#kv = kv;
    this.#nats = nats;
    this.#bucket = bucket;
  }

  async watch(listener: (document: StoredDocument) => void): Promise<void> {
    const whole = Promise.withResolvers<void>();
    const { values } = await this.#kv.status();
    const watching = await this.#translated(() => this.#kv.watch({ include: KvWatchInclude.LastValue }));
    let told = 0;
    if (values === 0) whole.resolve();
    void (async () => {
      for await (const entry of watching) {
        if (entry.operation === "PUT") listener(documentOf(entry));
        told += 1;
        // Documents that came meanwhile are told as well, so by then it is whole.
        if (told >= values) whole.resolve();
      }
      // Whoever has a copy would not hear of changes any more: the service starts anew.
      if (!this.#nats.isClosed()) throw new Error(`the watch over bucket "${this.#bucket}" has ended`);
    })();
    await whole.promise;
  }

  async read(key: string): Promise<StoredDocument | undefined> {
    const entry = await this.#translated(() => this.#kv.get(key));
    return entry === null || entry.operation !== "PUT" ? undefined : documentOf(entry);
  }

  async create(key: string, text: string): Promise<StoredDocument | undefined> {
    const revision = await this.#translated(() => unlessOvertaken(this.#kv.create(key, text)));
    return revision === undefined ? undefined : { key, text, revision };
  }

  async replace({ key, text, revision: seen }: StoredDocument): Promise<StoredDocument | undefined> {
    const revision = await this.#translated(() => unlessOvertaken(this.#kv.update(key, text, seen)));
    return revision === undefined ? undefined : { key, text, revision };
  }

  async put(key: string, text: string): Promise<StoredDocument> {
    return { key, text, revision: await this.#translated(() => this.#kv.put(key, text)) };
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault("unavailable", `Cannot reach bucket "${this.#bucket}": ${reason}`, { cause });
    }
  }
}

function documentOf(entry: KvEntry): StoredDocument {
  return { key: entry.key, text: entry.string(), revision: entry.revision };
}

/** The new revision; undefined when another write came first. */
async function unlessOvertaken(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (thrown) {
    if (thrown instanceof JetStreamApiError && overtakenCodes.includes(thrown.code)) return undefined;
    throw thrown;
  }
}

const overtakenCodes: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];
