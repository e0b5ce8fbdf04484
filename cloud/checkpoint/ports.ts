/** What holding a checkpoint needs of the world. */
import type { Mark } from "./held.ts";

/** The QuestDB on this machine. Every call rejects with Fault `store_failed` when it refuses or does not answer. */
export interface CheckpointServer {
  /** When the checkpoint that is held was begun, as the server writes it; undefined when none is. */
  startedAt(): Promise<string | undefined>;
  /** Resolves when one is made and on disk, or with false when another one is held already. */
  create(): Promise<boolean>;
  release(): Promise<void>;
}

/** The file of the {@link Mark}, beside the data. Writes are on disk when they resolve. */
export interface MarkFile {
  read(): Promise<Mark | undefined>;
  write(mark: Mark): Promise<void>;
  remove(): Promise<void>;
}
