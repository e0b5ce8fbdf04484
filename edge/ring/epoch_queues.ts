/** What waits for the disk in one epoch: a queue for each class, and what they hold together. */
import { type Class, classes } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { AppendQueue, ShapeNumbers } from "./append_queue.ts";
import type { Appended, NewFrame } from "./port.ts";

/** The queues of an epoch. */
export class EpochQueues {
  readonly of: Readonly<Record<Class, AppendQueue>>;

  /** `first` opens the epoch: it is durable before anything else is. `recordBytesMax`: see {@link AppendQueue}. */
  constructor(epoch: Epoch, { first, recordBytesMax }: { first: NewFrame; recordBytesMax: number }) {
    const options = { shapes: new ShapeNumbers(), recordBytesMax };
    const queue = () => new AppendQueue(epoch, options);
    this.of = { critical: queue(), event: queue(), normal: queue(), bulk: queue() };
    // Nobody waits for the opening itself.
    this.of.critical.addOwn(first, () => {});
  }

  /** Encoded bytes that wait or are on their way. */
  get bytes(): number {
    const { critical, event, normal, bulk } = this.of;
    return critical.bytes + event.bytes + normal.bytes + bulk.bytes;
  }

  /** Whether records wait whose seqs are promised. */
  get hasRetained(): boolean {
    return classes.some((name) => this.of[name].hasRetained);
  }

  /** Records answered `buffered` that are not durable yet. */
  get bufferedCount(): number {
    return classes.reduce((sum, name) => sum + this.of[name].bufferedCount, 0);
  }

  /** When the oldest append came whose caller waits; undefined when none does. */
  get oldestUnansweredMs(): number | undefined {
    const times = classes.flatMap((name) => this.of[name].oldestUnansweredMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Lets frames wait; settles with their commit, or with {@link answerLate} unless `atMs`, when they came, is undefined. */
  append(
    className: Class,
    frames: readonly NewFrame[],
    { atMs }: { atMs: number | undefined },
  ): Promise<Appended> {
    return new Promise((resolve, reject) => this.of[className].add(frames, { atMs, resolve, reject }));
  }

  /** Answers `buffered` to whoever has waited since a time or longer. */
  answerLate(sinceMs: number): void {
    for (const className of classes) this.of[className].answerLate(sinceMs);
  }

  /** Puts what waits into another epoch's queues. */
  moveTo(other: EpochQueues): void {
    for (const className of classes) this.of[className].moveTo(other.of[className]);
  }
}
