/**
 * The one loop in which the ring changes its disk: jobs in turn, then what waits is committed, as long as something was
 * asked for.
 *
 *     idle --wake, run--> jobs -> commit --asked for meanwhile, or not done--> jobs
 *       ^                           |
 *       '--------- onIdle ----------'
 */

/** What {@link WorkLoop} needs. None of it may reject. */
export interface WorkLoopOptions {
  /** Commits what waits; resolves to whether all is done. */
  readonly commit: () => Promise<boolean>;
  /** Called each time that nothing is left to do. */
  readonly onIdle: () => void;
}

/** Runs one piece of work at a time. */
export class WorkLoop {
  readonly #options: WorkLoopOptions;
  readonly #jobs: (() => Promise<void>)[] = [];
  /** Runs while there is work. */
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(options: WorkLoopOptions) {
    this.#options = options;
  }

  /** Asks for a commit. */
  wake(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Runs work between commits and settles as it does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => work().then(resolve, reject));
      this.wake();
    });
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.#isWanted) {
      this.#isWanted = false;
      for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
      if (!await this.#options.commit()) this.#isWanted = true;
    }
    this.#running = undefined;
    this.#options.onIdle();
  }
}
