/** Documents in memory, which can be away. */
import { Fault } from "#proto/errors.ts";
import type { DocumentStore, StoredDocument } from "../documents.ts";

/** See {@link DocumentStore}. */
export class MemoryDocuments implements DocumentStore {
  /** While it is, every call fails. */
  isAway = false;
  readonly #documents = new Map<string, StoredDocument>();
  readonly #listeners: ((document: StoredDocument) => void)[] = [];
  #revision = 0;

  watch(listener: (document: StoredDocument) => void): Promise<void> {
    return this.#answer(() => {
      for (const document of this.#documents.values()) listener(document);
      this.#listeners.push(listener);
    });
  }

  read(key: string): Promise<StoredDocument | undefined> {
    return this.#answer(() => this.#documents.get(key));
  }

  create(key: string, text: string): Promise<StoredDocument | undefined> {
    return this.#answer(() => this.#documents.has(key) ? undefined : this.#keep(key, text));
  }

  replace({ key, text, revision }: StoredDocument): Promise<StoredDocument | undefined> {
    return this.#answer(() => this.#documents.get(key)?.revision === revision ? this.#keep(key, text) : undefined);
  }

  put(key: string, text: string): Promise<StoredDocument> {
    return this.#answer(() => this.#keep(key, text));
  }

  #keep(key: string, text: string): StoredDocument {
    const document = { key, text, revision: ++this.#revision };
    this.#documents.set(key, document);
    for (const listener of this.#listeners) listener(document);
    return document;
  }

  #answer<T>(work: () => T): Promise<T> {
    if (this.isAway) return Promise.reject(new Fault("unavailable", "Cannot reach the documents: they are away"));
    return Promise.resolve(work());
  }
}
