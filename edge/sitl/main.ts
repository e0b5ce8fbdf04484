/** A simulated vehicle: a client of the agent's local API and nothing more. `--agent URL --seed N` */
import { parseArgs } from "node:util";
import { chanceOf } from "./chance.ts";
import { startOfFlight, stepFlight } from "./flight.ts";
import { Outgoing, type PostAnswer } from "./outgoing.ts";
import { attitudeRate, framesOf, type SimulatedFrame } from "./sensors.ts";

const tickMs = 1_000 / attitudeRate;
/** A few posts a second: what a flight controller's bridge would do. */
const postIntervalMs = 200;
const postTimeoutMs = 5_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { agent: { type: "string", default: "http://127.0.0.1:7777" }, seed: { type: "string", default: "1" } },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`Cannot take "${values.seed}" as seed: wanted a whole number`);
  const outgoing = new Outgoing();
  const flyOn = simulation(seed);
  const post = poster(new URL("/v1/log", values.agent), outgoing);
  log(`flying with seed ${seed}, frames go to ${values.agent}`);
  // The vehicle flies on whatever the agent does: at most one post is under way beside it.
  let posting: Promise<void> | undefined;
  while (true) {
    outgoing.add(flyOn());
    posting ??= post().finally(() => posting = undefined);
    await new Promise((resolve) => setTimeout(resolve, postIntervalMs));
  }
}

/** Brings the model up to now at each call; after a pause of the machine it skips what nobody could have measured. */
function simulation(seed: number): () => SimulatedFrame[] {
  const chance = chanceOf(seed);
  const startedAtMs = Date.now();
  let state = startOfFlight();
  let tick = 0;
  return () => {
    const frames: SimulatedFrame[] = [];
    const due = Math.floor((Date.now() - startedAtMs) / tickMs);
    for (tick = Math.max(tick, due - attitudeRate); tick < due; tick++) {
      const before = state;
      state = stepFlight(state, { seconds: tickMs / 1_000, chance });
      const ts = BigInt(Math.round(startedAtMs + tick * tickMs)) * 1_000_000n;
      frames.push(...framesOf(state, { before, tick, ts, chance }));
    }
    return frames;
  };
}

/** Posts what waits; says once when the agent goes away and once when it is back. */
function poster(url: URL, outgoing: Outgoing): () => Promise<void> {
  let away = false;
  return async () => {
    const frames = outgoing.next();
    if (frames.length === 0) return;
    try {
      outgoing.handleAnswer(frames, await postFrames(url, frames));
      if (away) log(`agent is back, ${outgoing.dropped} frames were given up so far`);
      away = false;
    } catch (error) {
      if (!away) {
        log(`agent does not take frames, keeping the newest: ${error instanceof Error ? error.message : error}`);
      }
      away = true;
    }
  };
}

async function postFrames(url: URL, frames: readonly SimulatedFrame[]): Promise<PostAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: frames.map((frame) => JSON.stringify(frame)).join("\n"),
    signal: AbortSignal.timeout(postTimeoutMs),
  });
  const answer = await response.text();
  // A server error that names each frame is still "not now".
  if (response.status < 500 && answer.includes('"results"')) return JSON.parse(answer);
  throw new Error(`${response.status} ${answer.slice(0, 200)}`);
}

function log(message: string): void {
  console.error(`${new Date().toISOString()} ${message}`);
}

await main();
