/**
 * Posts frames to an agent at a steady rate, each until it is taken, whatever happens to the agent. What a slow disk makes the
 * agent answer as `buffered` is taken and not promised: it is counted, and not posted again.
 */
import { LeanClient } from "../bench/lean_client.ts";
import type { Place } from "./account.ts";
import { type SoakFrame, soakFrame } from "./frames.ts";
import { framesPerPost, postsInFlightMax, postTimeoutMs, repostPauseMs } from "./limits.ts";
import { pause } from "./pause.ts";

/** What is posted, where to, how fast. */
export interface PosterOptions {
  readonly agentUrl: string;
  /** Frames 0 to `total` - 1. */
  readonly total: number;
  readonly perSecond: number;
  /** Time of frame 0. */
  readonly startNs: bigint;
  /** Told of every frame that was answered durable. */
  readonly onDurable: (place: Place, number: number) => void;
  /** Told of every answer with something durable in it: when its post was begun. */
  readonly onAnswer?: (begunAtMs: number) => void;
  /** Ends the posting, done or not. */
  readonly signal: AbortSignal;
}

/** Counts of posts. */
export interface PosterCounts {
  posts: number;
  /** Without an answer: nobody listened, or the process died under it. */
  unanswered: number;
  /** Frames that were taken into memory only. */
  buffered: number;
  /** Frames that were refused for now, and posted again. */
  refused: number;
}

type Numbered = readonly [number: number, frame: SoakFrame];

/** Posts all; resolves when each is taken, or the signal has fired. Rejects when a frame is refused for good. */
export async function postFrames(options: PosterOptions): Promise<PosterCounts> {
  const poster = new Poster(options);
  await Promise.all(Array.from({ length: postsInFlightMax }, () => poster.work()));
  return poster.counts;
}

class Poster {
  readonly counts: PosterCounts = { posts: 0, unanswered: 0, buffered: 0, refused: 0 };
  readonly #options: PosterOptions;
  readonly #client: LeanClient;
  readonly #startedAtMs = performance.now();
  #next = 0;

  constructor(options: PosterOptions) {
    this.#options = options;
    this.#client = new LeanClient(options.agentUrl);
  }

  /** One of several that each take the next frames when they are due. */
  async work(): Promise<void> {
    const { total, perSecond, signal } = this.#options;
    while (this.#next < total && !signal.aborted) {
      const first = this.#next;
      const end = Math.min(total, first + framesPerPost);
      this.#next = end;
      const dueMs = this.#startedAtMs + end * 1000 / perSecond;
      await pause(dueMs - performance.now(), signal);
      await this.#postUntilTaken(this.#numbered(first, end));
    }
    this.#client.close();
  }

  #numbered(first: number, end: number): Numbered[] {
    return Array.from({ length: end - first }, (_, at) => [first + at, soakFrame(first + at, this.#options.startNs)]);
  }

  async #postUntilTaken(frames: readonly Numbered[]): Promise<void> {
    const { signal } = this.#options;
    let waiting = frames;
    while (waiting.length > 0 && !signal.aborted) {
      waiting = await this.#postOnce(waiting);
      if (waiting.length > 0) await pause(repostPauseMs, signal);
    }
  }

  /** Resolves to the frames that are still to be taken. */
  async #postOnce(frames: readonly Numbered[]): Promise<readonly Numbered[]> {
    const begunAtMs = performance.now();
    this.counts.posts++;
    const text = await this.#send(JSON.stringify(frames.map(([, frame]) => frame)));
    if (text === undefined) {
      this.counts.unanswered++;
      return frames;
    }
    const { results } = JSON.parse(text) as { results: readonly FrameResult[] };
    const refused = frames.filter(([number, frame], at) => !this.#isTaken(results[at], number, frame));
    this.counts.refused += refused.length;
    if (refused.length < frames.length) this.#options.onAnswer?.(begunAtMs);
    return refused;
  }

  #isTaken(result: FrameResult, number: number, { class: name }: SoakFrame): boolean {
    if (result.state === "durable") {
      this.#options.onDurable({ epoch: result.epoch, class: name, seq: result.seq }, number);
      return true;
    }
    if (result.state === "buffered") {
      this.counts.buffered++;
      return true;
    }
    const { status, code, detail } = result.error;
    if (status >= 500) return false;
    throw new Error(`Cannot post frame ${number}: ${status} ${code}: ${detail}`);
  }

  /** The answer's body; undefined when there is none. */
  async #send(body: string): Promise<string | undefined> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), postTimeoutMs);
    const posting = this.#client.post("/v1/log", body).then(({ text }) => text, () => undefined);
    const text = await Promise.race([posting, late.promise]);
    clearTimeout(timer);
    return text?.includes('"results"') ? text : undefined;
  }
}

/** One line of an answer. */
type FrameResult =
  | { readonly state: "durable"; readonly epoch: string; readonly seq: number }
  | { readonly state: "buffered" }
  | { readonly state?: undefined; readonly error: { status: number; code: string; detail: string } };
