/** One vehicle goes dark, its ring fills, the relay comes back, the ring drains while live frames go on. */
import { processClock } from "#proto/io/clock.ts";
import { beginStream, runLiveRound } from "../bench/live_round.ts";
import type { Percentiles } from "../bench/percentiles.ts";
import { pathsOf } from "../dev/layout.ts";
import type { TestSystem } from "../e2e/harness.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { checkStored, type StoredFlight } from "./flight_check.ts";
import { type FlightPlan, frameText } from "./flight_data.ts";
import { PeakOfFolder } from "./folder_size.ts";

/** A system whose relay has not started yet. */
export interface DarkSystem {
  readonly system: TestSystem;
  /** Resolves when the vehicle is linked. */
  readonly startRelay: () => Promise<void>;
}

/** What is flown in the dark. */
export interface DarkFlight {
  readonly plan: FlightPlan;
  readonly frames: number;
}

/** What came of it. Times in milliseconds. */
export interface DarkResult {
  readonly postedMs: number;
  /** What the agent's ring says of itself before the link. */
  readonly ringBytes: number;
  /** The most that the ring's files ever took on disk. */
  readonly ringBytesPeak: number;
  /** Frames that the ring had to give up. */
  readonly lost: number;
  readonly firstLiveMs: number;
  readonly drainedMs: number;
  /** From a live frame's post to a query that shows it, while the ring drained. */
  readonly live: Percentiles;
  readonly stored: StoredFlight;
}

/** A post of so many frames stays below the limit of a request's body. */
const framesPerPost = 1_500;
/** Posts under way at a time. */
const postsAtOnce = 4;
/** What is not drained by then never will be. */
const drainMaxMs = 15 * 60_000;
const liveHertz = 10;
const clock = processClock();

/** See the head of this file. Rejects when a post is refused or the ring does not drain. */
export async function runDark({ system, startRelay }: DarkSystem, flight: DarkFlight): Promise<DarkResult> {
  const paths = pathsOf(system.layout.state);
  const peak = new PeakOfFolder(`${paths.vehicle(system.layout.vehicles[0])}/ring`);
  const postedMs = await timed(() => postAll(system, flight));
  const full = await statusOf(system);
  const lastSeq = lastUnsettled(full);

  await startRelay();
  const drained = new AbortController();
  const startMs = clock.uptimeMs();
  await beginStream(system);
  const firstLiveMs = clock.uptimeMs() - startMs;
  const options = { perSecond: liveHertz, seconds: drainMaxMs / 1000, sampleEvery: 1, signal: drained.signal };
  const live = runLiveRound(system, options);
  await waitFor("the ring to drain", async () => isDrained(await statusOf(system), lastSeq) || undefined, {
    timeoutMs: drainMaxMs,
    stepMs: 250,
  });
  const drainedMs = clock.uptimeMs() - startMs;
  drained.abort();
  const { queryable } = await live;
  return {
    postedMs,
    ringBytes: full.ring.bytes_used,
    ringBytesPeak: await peak.stop(),
    lost: full.gone.lost,
    firstLiveMs,
    drainedMs,
    live: queryable,
    stored: checkStored(paths.sqlite, flight),
  };
}

interface StatusView {
  readonly epoch: string;
  readonly ring: { readonly bytes_used: number };
  readonly gone: { readonly lost: number };
  readonly unsettled: readonly {
    readonly epoch: string;
    readonly class: string;
    readonly first: number;
    readonly records: number;
  }[];
}

async function statusOf(system: TestSystem): Promise<StatusView> {
  return await waitFor("the agent's status", async () => {
    const text = await tryFetch(`${system.agentUrl()}/v1/status`);
    return text === undefined ? undefined : JSON.parse(text) as StatusView;
  }, { timeoutMs: 10_000 });
}

/** Dark frames come first in their series: it is drained when its first unsettled seq is behind their last. */
function lastUnsettled({ epoch, unsettled }: StatusView): number {
  const line = unsettled.find((one) => one.class === "normal" && one.epoch === epoch);
  return line === undefined ? 0 : line.first + line.records - 1;
}

function isDrained({ epoch, unsettled }: StatusView, lastSeq: number): boolean {
  return unsettled.every((line) => line.epoch === epoch && (line.class !== "normal" || line.first > lastSeq));
}

async function postAll(system: TestSystem, { plan, frames }: DarkFlight): Promise<void> {
  let next = 0;
  const post = async () => {
    while (next < frames) {
      const from = next;
      next = Math.min(frames, from + framesPerPost);
      await postFrames(system, Array.from({ length: next - from }, (_, at) => frameText(from + at, plan)));
    }
  };
  await Promise.all(Array.from({ length: postsAtOnce }, post));
}

async function postFrames(system: TestSystem, texts: readonly string[]): Promise<void> {
  const answer = await fetch(`${system.agentUrl()}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `[${texts.join(",")}]`,
  });
  const text = await answer.text();
  const taken = answer.ok ? JSON.parse(text) as { results: { state?: string }[] } : undefined;
  // What the disk is slow to take is answered as buffered, and is on it a moment later.
  if (taken?.results.every(({ state }) => state !== undefined)) return;
  throw new Error(`Post was answered ${answer.status}: ${text.slice(0, 300)}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = clock.uptimeMs();
  await work();
  return clock.uptimeMs() - startMs;
}
