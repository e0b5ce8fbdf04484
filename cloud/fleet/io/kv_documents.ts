/** Documents in a bucket of JetStream, replicated like the log. */
import { jetstream, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm, KvWatchInclude } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { Fault } from "#proto/errors.ts";
import { registryTimeoutMs } from "../limits.ts";
import type { DocumentStore, StoredDocument } from "../ports.ts";

/** Opens a bucket, created when it is missing. */
export async function openDocuments(
  nats: NatsConnection,
  { bucket, replicas }: { bucket: string; replicas: number },
): Promise<DocumentStore> {
  const js = jetstream(nats, { timeout: registryTimeoutMs });
  const kv = await new Kvm(js).create(bucket, { history: 1, replicas, allow_direct: false });
  await setReplicas(kv, { nats, replicas });
  return new KvDocuments(kv, bucket);
}

async function setReplicas(kv: KV, { nats, replicas }: { nats: NatsConnection; replicas: number }): Promise<void> {
  const { streamInfo: { config } } = await kv.status();
  if (config.num_replicas === replicas) return;
  const jsm = await jetstream(nats, { timeout: registryTimeoutMs }).jetstreamManager();
  await jsm.streams.update(config.name, { num_replicas: replicas });
}

class KvDocuments implements DocumentStore {
  readonly #kv: KV;
  readonly #bucket: string;

  constructor(kv: KV, bucket: string) {
    this.#kv = kv;
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
      whole.reject(new Fault("unavailable", `Cannot watch bucket "${this.#bucket}": the watch ended`));
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
