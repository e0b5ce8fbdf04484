/** Sends a flight log through an agent's local API and waits until all of it has its verdict. */
import { packPosts, type Post, readFlight } from "./flight_file.ts";

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
  /** Told of every frame that was answered durable: its line of the log and where it lies. */
  readonly onTaken?: (line: string, place: { epoch: string; seq: number }) => void;
  /** Told now and then how far it is. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** How long an agent may be away or verdicts may be missing before it is given up. */
  readonly patienceMs?: number;
}

/** Counts of frames. */
export interface ReplayProgress {
  readonly total: number;
  readonly durable: number;
  readonly committed: number;
}

/** The end of it. */
export interface ReplayResult extends ReplayProgress {
  readonly secondsDurable: number;
  readonly seconds: number;
  /** Answers of the agent that refused a frame. */
  readonly refused: readonly string[];
}

/** One epoch's and class's part of what was answered durable. */
interface Durable {
  readonly epoch: string;
  last: number;
  frames: number;
}

interface Answer {
  readonly results: readonly { epoch?: string; seq?: number; error?: { code: string; detail: string } }[];
}

interface Status {
  readonly vehicle_id: string;
  readonly unsettled: readonly { epoch: string; class: string; first: number; records: number }[];
}

/** One post; the agent's answer `durable` is a matter of milliseconds. */
const postBytesMax = 256 * 1024;
const postsInFlight = 4;
const pollIntervalMs = 100;
const patienceDefaultMs = 120_000;

/** Replays; rejects when the agent is another vehicle's, or stays away beyond the patience. */
export async function replayFlight(options: ReplayOptions): Promise<ReplayResult> {
  const patienceMs = options.patienceMs ?? patienceDefaultMs;
  const posts = packPosts((await readFlight(options.file)).slice(0, options.framesMax), postBytesMax);
  const total = posts.reduce((sum, post) => sum + post.frames, 0);
  await checkVehicle(options, patienceMs);
  const startedAtMs = performance.now();
  const seconds = () => (performance.now() - startedAtMs) / 1000;
  const durable = new Map<string, Durable>();
  const refused: string[] = [];
  const progress = (committed: number): ReplayProgress => ({ total, durable: framesOf(durable), committed });

  const queue = posts[Symbol.iterator]();
  const sender = async () => {
    for (const post of queue) {
      if (options.speed === "real") await untilDue(post, posts[0], startedAtMs);
      const answer = await send(post, options.agentUrl, patienceMs);
      note(answer, durable, refused);
      if (options.onTaken !== undefined) tellTaken(post, answer, options.onTaken);
      options.onProgress?.(progress(0));
    }
  };
  await Promise.all(Array.from({ length: options.speed === "real" ? 1 : postsInFlight }, sender));
  const secondsDurable = seconds();
  await untilSettled(options, durable, {
    patienceMs,
    onProgress: (committed) => options.onProgress?.(progress(committed)),
  });
  return { ...progress(framesOf(durable)), secondsDurable, seconds: seconds(), refused };
}

async function checkVehicle({ agentUrl, vehicle }: ReplayOptions, patienceMs: number): Promise<void> {
  const status = await statusOf(agentUrl, patienceMs);
  if (vehicle === undefined || status.vehicle_id === vehicle) return;
  throw new Error(`Cannot replay: the agent at ${agentUrl} is "${status.vehicle_id}", wanted "${vehicle}"`);
}

async function untilDue(post: Post, first: Post, startedAtMs: number): Promise<void> {
  const dueMs = Number(post.ts - first.ts) / 1e6 - (performance.now() - startedAtMs);
  if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
}

/** Posts until it is answered. A post whose answer was lost is sent again: its frames then are in the ring twice. */
async function send(post: Post, agentUrl: string, patienceMs: number): Promise<Answer> {
  const request = { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: post.body };
  const response = await patiently(`${agentUrl}/v1/log`, request, patienceMs);
  const text = await response.text();
  if (!response.ok && !text.includes('"results"')) {
    throw new Error(`Cannot post to the agent: ${response.status} ${text.slice(0, 300)}`);
  }
  return JSON.parse(text);
}

async function statusOf(agentUrl: string, patienceMs: number): Promise<Status> {
  return await (await patiently(`${agentUrl}/v1/status`, {}, patienceMs)).json();
}

/** Fetches, again and again while nobody listens there. */
async function patiently(url: string, init: RequestInit, patienceMs: number): Promise<Response> {
  const deadline = performance.now() + patienceMs;
  while (true) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (!(error instanceof TypeError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
    }
  }
}

function note(answer: Answer, durable: Map<string, Durable>, refused: string[]): void {
  for (const { epoch, seq, error } of answer.results) {
    if (epoch === undefined || seq === undefined) {
      refused.push(`${error?.code}: ${error?.detail}`);
      continue;
    }
    const known = durable.get(epoch) ?? { epoch, last: 0, frames: 0 };
    durable.set(epoch, { epoch, last: Math.max(known.last, seq), frames: known.frames + 1 });
  }
}

function tellTaken(post: Post, answer: Answer, onTaken: NonNullable<ReplayOptions["onTaken"]>): void {
  post.body.split("\n").forEach((line, at) => {
    const { epoch, seq } = answer.results[at];
    if (epoch !== undefined && seq !== undefined) onTaken(line, { epoch, seq });
  });
}

function framesOf(durable: ReadonlyMap<string, Durable>): number {
  return [...durable.values()].reduce((sum, { frames }) => sum + frames, 0);
}

/** Waits until no epoch has a record without a verdict at or below what was posted into it. */
async function untilSettled(
  { agentUrl }: ReplayOptions,
  durable: ReadonlyMap<string, Durable>,
  { patienceMs, onProgress }: { patienceMs: number; onProgress: (committed: number) => void },
): Promise<void> {
  let [least, changedAtMs] = [Infinity, performance.now()];
  while (true) {
    const { unsettled } = await statusOf(agentUrl, patienceMs);
    const open = unsettled.filter(({ epoch, first }) => first <= (durable.get(epoch)?.last ?? 0));
    if (open.length === 0) return;
    const records = open.reduce((sum, line) => sum + line.records, 0);
    if (records < least) [least, changedAtMs] = [records, performance.now()];
    onProgress(Math.max(0, framesOf(durable) - records));
    if (performance.now() - changedAtMs > patienceMs) {
      throw new Error(`Waited in vain: ${records} frames have no verdict`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
}
