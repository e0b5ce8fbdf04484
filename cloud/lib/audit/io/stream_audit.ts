/** The audit log as a stream of JetStream: nothing in it can be changed, and only an admin of NATS could delete it. */
import {
  DiscardPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  StorageType,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { asFault, Fault } from "#proto/errors.ts";
import type { AuditStore, StoredEntry } from "../audit_log.ts";
import { auditEntriesMax, auditTimeoutMs } from "../limits.ts";

const stream = "AUDIT";
const subject = "audit.v1";

/** Opens the log, created when it is missing. */
export async function openAudit(nats: NatsConnection, { replicas }: { replicas: number }): Promise<AuditStore> {
  const admin = await jetstreamManager(nats, { timeout: auditTimeoutMs });
  const found = await admin.streams.info(stream).catch(() => undefined);
  if (found === undefined) {
    await admin.streams.add({
      name: stream,
      subjects: [subject],
      storage: StorageType.File,
      max_msgs: auditEntriesMax,
      // A full log takes no more, rather than forgetting what was first.
      discard: DiscardPolicy.New,
      deny_delete: true,
      deny_purge: true,
      num_replicas: replicas,
    });
  }
  if (found !== undefined && found.config.num_replicas !== replicas) {
    await admin.streams.update(stream, { num_replicas: replicas });
  }
  return new StreamAudit(jetstream(nats, { timeout: auditTimeoutMs }), admin);
}

class StreamAudit implements AuditStore {
  readonly #js: JetStreamClient;
  readonly #admin: JetStreamManager;

  constructor(js: JetStreamClient, admin: JetStreamManager) {
    this.#js = js;
    this.#admin = admin;
  }

  async last(): Promise<StoredEntry | undefined> {
    return await translated(async () => {
      const message = await this.#admin.streams.getMessage(stream, { last_by_subj: subject });
      return message === null ? undefined : entryOf(message);
    });
  }

  async append(behind: number, text: string): Promise<StoredEntry | undefined> {
    return await translated(async () => {
      try {
        const { seq } = await this.#js.publish(subject, text, { expect: { lastSequence: behind } });
        return { sequence: seq, text };
      } catch (thrown) {
        if (thrown instanceof JetStreamApiError && thrown.code === JetStreamApiCodes.StreamWrongLastSequence) {
          return undefined;
        }
        throw thrown;
      }
    });
  }

  async read(from: number, limit: number): Promise<StoredEntry[]> {
    return await translated(async () => {
      const { state } = await this.#admin.streams.info(stream);
      const end = Math.min(state.last_seq, from + limit - 1);
      const sequences = Array.from({ length: Math.max(0, end - from + 1) }, (_, at) => from + at);
      const messages = await Promise.all(sequences.map((seq) => this.#admin.streams.getMessage(stream, { seq })));
      return messages.flatMap((message) => message === null ? [] : [entryOf(message)]);
    });
  }
}

function entryOf(message: StoredMsg): StoredEntry {
  return { sequence: message.seq, text: message.string() };
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Fault("unavailable", `Cannot reach the audit log: ${asFault(cause).message}`, { cause });
  }
}
