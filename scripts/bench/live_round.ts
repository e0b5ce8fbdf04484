/** One round of the `live` bench: single posts at a steady rate, and samples of them looked for in the query API. */
import type { JsonValue } from "#proto/json.ts";
import { processClock } from "#proto/io/clock.ts";
import type { ApiRow, TestSystem } from "../e2e/harness.ts";
import { LeanClient } from "./lean_client.ts";
import { runOpenLoop } from "./open_loop.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import { type Queries, type Sample, Sightings } from "./sightings.ts";

/** What one round does. */
export interface RoundOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Every so manieth frame is looked for. */
  readonly sampleEvery: number;
  /** Ends the posts before their time. */
  readonly signal?: AbortSignal;
}

/** What came of it. Times are milliseconds from the moment when a post was due. */
export interface RoundResult {
  readonly posts: number;
  /** Answered with 200 and `durable`. */
  readonly answered: Percentiles;
  readonly perSecond: number;
  /** To the begin of the post: what this process adds to all others. */
  readonly late: Percentiles;
  readonly samples: number;
  readonly queryable: Percentiles;
}

/** Stream of all frames. */
const stream = "bench";
/** After the last post, for samples to show. */
const patienceMs = 30_000;
const clock = processClock();

/** Runs it. Rejects when a post was refused or a sample never showed. */
export async function runLiveRound(system: TestSystem, options: RoundOptions): Promise<RoundResult> {
  const startNs = clock.wallNs();
  const startMs = clock.uptimeMs();
  /** A time of its own for each frame, by which it can be asked for. */
  const tsOf = (number: number) => startNs + BigInt(Math.round(number * 1e9 / options.perSecond));
  const client = new LeanClient(system.agentUrl());
  const sightings = new Sightings(queriesOf(system, tsOf), clock);
  const posting = runOpenLoop({ ...options, clock }, async (due) => {
    if (due.number % options.sampleEvery === 0) sightings.expect(due);
    await post(client, frameText(due.number, tsOf(due.number)));
  });
  const watching = sightings.watch(posting, patienceMs);
  const times = await posting;
  const secondsPosting = (clock.uptimeMs() - startMs) / 1000;
  client.close();
  await watching;
  if (times.failures.length > 0) throw new AggregateError(times.failures.slice(0, 5), "Posts failed");
  return {
    posts: times.latenciesMs.length,
    answered: percentilesOf(times.latenciesMs),
    perSecond: times.latenciesMs.length / secondsPosting,
    late: percentilesOf(times.latenessMs),
    samples: sightings.delaysMs.length,
    queryable: percentilesOf(sightings.delaysMs),
  };
}

/** What a vehicle says at a time: ten numbers and a word, all of which move. */
function frameText(number: number, ts: bigint): string {
  const wave = (period: number, scale: number) => Math.sin(number / period) * scale;
  const data = {
    number,
    ...{
      latitude_deg: 47.4 + wave(9000, 0.01),
      longitude_deg: 8.5 + wave(7000, 0.01),
      altitude_m: 100 + wave(500, 20),
    },
    ...{ roll_deg: wave(30, 15), pitch_deg: wave(40, 10), yaw_deg: wave(900, 180), speed_mps: 12 + wave(70, 3) },
    ...{ battery_v: 16.8 - number * 1e-6, current_a: 8 + wave(20, 2), mode: number % 5000 < 2500 ? "mission" : "hold" },
  };
  return JSON.stringify({ stream, ts: ts.toString(), data });
}

async function post(client: LeanClient, frame: string): Promise<void> {
  const { status, text } = await client.post("/v1/log", frame);
  if (status !== 200 || !/"(durable|buffered)"/.test(text)) throw new Error(`Post was answered ${status}: ${text}`);
}

function queriesOf(system: TestSystem, tsOf: (number: number) => bigint): Queries {
  const base = { vehicle_id: system.layout.vehicles[0], stream, fields: "number", limit: "1" };
  const numberOf = async (range: Record<string, string>): Promise<JsonValue> => {
    const answer = await system.query(`/v1/telemetry?${new URLSearchParams({ ...base, ...range })}`);
    return (answer as { rows: ApiRow[] }).rows[0]?.number ?? null;
  };
  const from = tsOf(0).toString();
  return {
    newest: async () => Number(await numberOf({ order: "desc", from }) ?? -1),
    shows: async ({ number }: Sample) => {
      const ts = tsOf(number).toString();
      return await numberOf({ from: ts, to: ts }) === number;
    },
  };
}

/** Posts one frame and waits until it shows: from then on the stream can be asked for. */
export async function beginStream(system: TestSystem): Promise<void> {
  const client = new LeanClient(system.agentUrl());
  await post(client, frameText(0, clock.wallNs()));
  client.close();
  const isThere = () => system.query(`/v1/streams`).then((answer) => JSON.stringify(answer).includes(`"${stream}"`));
  while (!await isThere()) await clock.after(50);
}
