/** All API keys, as a copy that follows every change: a key that is revoked is refused everywhere a moment later. */
import { asFault, Fault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import type { DocumentStore } from "../documents/documents.ts";
import { type ApiKey, isSecretOf } from "./api_key.ts";
import { type KeyRecord, readKey, reasonAgainstKey } from "./key_record.ts";
import type { Principal } from "./rules.ts";

/** See the head of this file. */
export class KeyRing {
  readonly #log: Log;
  readonly #keys = new Map<string, KeyRecord>();
  #isLoaded = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Copies what is there, and from then on every change. Called once. */
  async load(documents: Pick<DocumentStore, "watch">): Promise<void> {
    await documents.watch(({ key, text }) => {
      try {
        this.#keys.set(key, readKey(text));
      } catch (thrown) {
        // What cannot be read lets nobody in.
        this.#keys.delete(key);
        this.#log.error("Cannot read an API key", { id: key, reason: asFault(thrown).message });
      }
    });
    this.#isLoaded = true;
  }

  get keys(): Iterable<KeyRecord> {
    return this.#keys.values();
  }

  of(id: string): KeyRecord | undefined {
    return this.#keys.get(id);
  }

  /** Whose key it is. Throws `unauthorized`, or `unavailable` while the keys are not known yet. */
  principalOf({ id, secret }: ApiKey, nowMs: number): Principal {
    if (!this.#isLoaded) throw new Fault("unavailable", "Cannot let the request in: the keys are not known yet");
    const record = this.#keys.get(id);
    const reason = record === undefined || !isSecretOf(record.hash, secret)
      ? "the key is not known"
      : reasonAgainstKey(record, nowMs);
    if (record === undefined || reason !== undefined) {
      throw new Fault("unauthorized", `Cannot let the request in: ${reason ?? ""}`);
    }
    return { id: `key:${id}`, name: record.name, role: record.role, groups: record.groups };
  }
}
