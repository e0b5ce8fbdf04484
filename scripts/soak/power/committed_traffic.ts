/** Posts to an agent without end, and takes as promised what it says the cloud has committed. */
import type { Clock } from "#proto/ports.ts";
import type { AgentApi } from "../../replay/agent_api.ts";
import { waitFor } from "../../servers/wait.ts";
import { Promises } from "./promises.ts";
import { seriesOf } from "./questdb_rows.ts";
import { type PlacedFrame, splitSettled } from "./settled_frames.ts";

const framesPerPost = 15;
const postIntervalMs = 150;
const statusIntervalMs = 50;
const committedPatienceMs = 60_000;

/** What {@link CommittedTraffic} needs. */
export interface TrafficPorts {
  readonly api: Pick<AgentApi, "post" | "status">;
  readonly clock: Clock;
}

/** See the head of this file. Frames carry rising numbers, and go to all streams in turn. */
export class CommittedTraffic {
  readonly promises = new Promises();
  /** Why it is no more, if it had to end. */
  fault: string | undefined;
  readonly #api: TrafficPorts["api"];
  readonly #clock: Clock;
  readonly #streams: string[];
  readonly #fields: string[] = [];
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #waiting: PlacedFrame[] = [];
  #number = 1;

  constructor({ api, clock }: TrafficPorts, streams: readonly string[]) {
    this.#api = api;
    this.#clock = clock;
    this.#streams = [...streams];
  }

  get streams(): readonly string[] {
    return this.#streams;
  }

  start(): void {
    this.#running = Promise.all([this.#post(), this.#follow()]).catch((error) => {
      this.fault = `the agent was lost: ${error}`;
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** From now on there is one stream more, and a field more in all of them. */
  grow(round: number): void {
    this.#streams.push(`power_new_${round}`);
    this.#fields.push(`field_${round}`);
  }

  /** Waits until so many frames more than now have the verdict `committed`. */
  async committed(count: number): Promise<void> {
    const wanted = this.promises.acknowledged + count;
    const enough = () => Promise.resolve(this.promises.acknowledged >= wanted || undefined);
    await waitFor(`${count} frames to be committed`, enough, { timeoutMs: committedPatienceMs }).catch((error) => {
      throw new Error([error.message, this.fault ?? "the agent answers"].join("; "), { cause: error });
    });
  }

  /** Whether some frame carried this number. */
  hasPosted(number: number): boolean {
    return number >= 1 && number < this.#number;
  }

  async #post(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const streams = [...this.#streams];
      const numbers = Array.from({ length: framesPerPost }, () => this.#number++);
      const streamOf = (number: number) => streams[number % streams.length];
      const more = Object.fromEntries(this.#fields.map((name) => [name, numbers[0]]));
      const results = await this.#api.post(
        numbers.map((n) => JSON.stringify({ stream: streamOf(n), data: { n, ...more } })),
      );
      // A buffered frame counts as well: only a verdict makes a promise here.
      results.forEach(({ epoch, seq }, at) => {
        if (epoch === undefined || seq === undefined) return;
        this.#waiting.push({ stream: streamOf(numbers[at]), epoch, class: "normal", seq, number: numbers[at] });
      });
      await this.#clock.after(postIntervalMs);
    }
  }

  async #follow(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const asked = this.#waiting;
      this.#waiting = [];
      const { settled, open } = splitSettled(asked, (await this.#api.status()).unsettled);
      this.#waiting.push(...open);
      for (const frame of settled) {
        this.promises.acknowledge(seriesOf(frame), { first: frame.seq, contents: [frame.number] });
      }
      await this.#clock.after(statusIntervalMs);
    }
  }
}
