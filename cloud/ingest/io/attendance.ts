/** Reads and answers for the partitions that are owned: a reader per tenure, subscriptions per partition. */
import type { Attendance, Taken } from "../ownership.ts";
import type { Desk } from "./desk.ts";
import { LogReader, type LogReaderParts } from "./log_reader.ts";

/** See the head of this file. */
export class PartitionAttendance implements Attendance {
  readonly #parts: LogReaderParts;
  readonly #desks: readonly Desk[];
  readonly #answering = new Map<number, () => void>();
  readonly #readers = new Set<LogReader>();

  constructor(parts: LogReaderParts, desks: readonly Desk[]) {
    this.#parts = parts;
    this.#desks = desks;
  }

  begin(taken: Taken): void {
    const reader = new LogReader(taken, this.#parts);
    this.#readers.add(reader);
    reader.ended.then(() => this.#readers.delete(reader));
    for (const partition of taken.partitions) {
      const ends = this.#desks.map((desk) => desk(partition));
      this.#answering.set(partition, () => ends.forEach((end) => end()));
    }
  }

  end(partitions: readonly number[]): void {
    for (const reader of this.#readers) reader.drop(partitions);
    for (const partition of partitions) {
      this.#answering.get(partition)?.();
      this.#answering.delete(partition);
    }
  }

  /** Resolves when no reader reads any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.ended));
  }
}
