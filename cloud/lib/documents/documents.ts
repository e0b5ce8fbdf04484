/** The port through which services keep small documents, each under a key. Errors are Faults `unavailable`. */

/** A document as it lies there. Of two with one key, that with the higher revision is the newer. */
export interface StoredDocument {
  readonly key: string;
  readonly text: string;
  readonly revision: number;
}

/** A place for documents that survive a power cut. */
export interface DocumentStore {
  /** Tells of every document as it is now, and then of every change, whoever made it. Resolves when the first part is done. */
  watch(listener: (document: StoredDocument) => void): Promise<void>;
  /** The newest; undefined when there is none. */
  read(key: string): Promise<StoredDocument | undefined>;
  /** Keeps the first under its key; undefined when there is one already. */
  create(key: string, text: string): Promise<StoredDocument | undefined>;
  /** Replaces the one of that revision; undefined when it is another one by now. */
  replace(document: StoredDocument): Promise<StoredDocument | undefined>;
  /** Keeps it, whatever was there. */
  put(key: string, text: string): Promise<StoredDocument>;
}
