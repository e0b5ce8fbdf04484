/** Sends a flight log through an agent's local API and waits until all of it has its verdict. */
import { AgentApi } from "./agent_api.ts";
import { type LoggedFrame, packPosts, type Post, readFlight } from "./flight_file.ts";
import { type Settlement, TakenFrames } from "./taken_frames.ts";

/** What is replayed, where to. */
export interface ReplayOptions {
  readonly file: string;
  /** Base address of the agent's API. */
  readonly agentUrl: string;
  /** Fails unless the agent is this vehicle's. */
  readonly vehicle?: string;
  readonly speed: "max" | "real";
  /** Only so many frames from the beginning. */
  readonly framesMax?: number;
  /** Told of every frame that was taken: its line of the log and where it lies. */
  readonly onTaken?: (line: string, place: { epoch: string; seq: number }) => void;
  /** Told now and then how far it is. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** How long an agent may be away, take nothing, or verdicts may be missing before it is given up. */
  readonly patienceMs?: number;
}

/** Counts of frames. */
export interface ReplayProgress {
  readonly total: number;
  readonly taken: number;
  readonly committed: number;
}

/** The end of it. */
export interface ReplayResult extends ReplayProgress {
  readonly secondsTaken: number;
  readonly seconds: number;
  /** Why frames were refused for good, one text for each. */
  readonly refused: readonly string[];
}

/** One post; the agent's answer is a matter of milliseconds. */
const postBytesMax = 256 * 1024;
const postsInFlight = 4;
/** At real speed a vehicle's software would not keep samples back for longer. */
const realSpanNsMax = 100_000_000n;
const pollIntervalMs = 100;
const patienceDefaultMs = 120_000;

/** Replays; rejects when the agent is another vehicle's, or stays away beyond the patience. */
export async function replayFlight(options: ReplayOptions): Promise<ReplayResult> {
  const frames = (await readFlight(options.file)).slice(0, options.framesMax);
  const replay = new Replay(options, frames);
  await replay.begin();
  const [secondsTaken] = await Promise.all([replay.sendAll(), replay.watch()]);
  const committed = await replay.untilSettled();
  const { taken, refused, seconds } = replay;
  return { total: frames.length, taken, committed, secondsTaken, seconds, refused };
}

/** One run. */
class Replay {
  readonly refused: string[] = [];
  readonly #options: ReplayOptions;
  readonly #frames: readonly LoggedFrame[];
  readonly #patienceMs: number;
  readonly #api: AgentApi;
  readonly #taken = new TakenFrames();
  #startedAtMs = 0;
  #committed = 0;
  #isSent = false;

  constructor(options: ReplayOptions, frames: readonly LoggedFrame[]) {
    this.#options = options;
    this.#frames = frames;
    this.#patienceMs = options.patienceMs ?? patienceDefaultMs;
    this.#api = new AgentApi(options.agentUrl, { patienceMs: this.#patienceMs });
  }

  get taken(): number {
    return this.#taken.count;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  /** Looks who the agent is, and what it had lost before. */
  async begin(): Promise<void> {
    const { agentUrl, vehicle } = this.#options;
    const status = await this.#api.status();
    if (vehicle !== undefined && status.vehicle_id !== vehicle) {
      throw new Error(`Cannot replay: the agent at ${agentUrl} is "${status.vehicle_id}", wanted "${vehicle}"`);
    }
    this.#taken.handleStatus(status);
    this.#startedAtMs = performance.now();
  }

  /** Resolves to the seconds that it took. */
  async sendAll(): Promise<number> {
    const isReal = this.#options.speed === "real";
    const posts = packPosts(this.#frames, { bytesMax: postBytesMax, spanNsMax: isReal ? realSpanNsMax : undefined });
    const queue = posts[Symbol.iterator]();
    const sender = async () => {
      for (const post of queue) {
        if (isReal) await this.#untilDue(post);
        await this.#send(post);
      }
    };
    try {
      await Promise.all(Array.from({ length: isReal ? 1 : postsInFlight }, sender));
      return this.seconds;
    } finally {
      this.#isSent = true;
    }
  }

  /** Looks for verdicts while frames are sent. */
  async watch(): Promise<void> {
    while (!this.#isSent) {
      await this.#look();
      await pause(pollIntervalMs);
    }
  }

  /** Waits for the verdicts; resolves to how many frames are in the store. */
  async untilSettled(): Promise<number> {
    let [least, changedAtMs] = [Infinity, performance.now()];
    while (true) {
      const settlement = await this.#look();
      if (settlement.isSettled) return Math.max(0, this.taken - settlement.gone);
      if (settlement.open < least) [least, changedAtMs] = [settlement.open, performance.now()];
      if (performance.now() - changedAtMs > this.#patienceMs) {
        throw new Error(`Waited in vain: ${settlement.open} frames have no verdict`);
      }
      await pause(pollIntervalMs);
    }
  }

  async #look(): Promise<Settlement> {
    const settlement = this.#taken.handleStatus(await this.#api.status());
    // Never less than before: what others posted beside us comes and goes.
    this.#committed = Math.max(this.#committed, this.taken - settlement.open - settlement.gone);
    this.#tell();
    return settlement;
  }

  #tell(): void {
    const { taken } = this;
    this.#options.onProgress?.({ total: this.#frames.length, taken, committed: this.#committed });
  }

  async #untilDue({ ts }: Post): Promise<void> {
    const dueMs = Number(ts - this.#frames[0].ts) / 1e6 - (performance.now() - this.#startedAtMs);
    if (dueMs > 0) await pause(dueMs);
  }

  /** Posts until each frame was taken or refused for good. */
  async #send(post: Post): Promise<void> {
    const untilMs = performance.now() + this.#patienceMs;
    let { frames } = post;
    while (frames.length > 0) {
      const waiting = await this.#sendOnce(frames);
      this.#tell();
      if (waiting.length > 0 && performance.now() > untilMs) {
        throw new Error(`Waited in vain: the agent takes no more, ${waiting.length} frames of a post are left`);
      }
      frames = waiting;
      if (frames.length > 0) await pause(pollIntervalMs);
    }
  }

  /** Resolves to the frames that the agent could not take now. */
  async #sendOnce(frames: readonly LoggedFrame[]): Promise<LoggedFrame[]> {
    const results = await this.#api.post(frames.map(({ line }) => line));
    return frames.filter(({ line, class: className }, at) => {
      const { epoch, seq, error } = results[at];
      if (epoch !== undefined && seq !== undefined) {
        this.#taken.handleTaken({ epoch, class: className, seq });
        this.#options.onTaken?.(line, { epoch, seq });
        return false;
      }
      if (error !== undefined && error.status >= 500) return true;
      this.refused.push(`${error?.code}: ${error?.detail}`);
      return false;
    });
  }
}

async function pause(delayMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
}
