/** A simulated vehicle: a client of the agent's local API and nothing more. `--agent URL --seed N` */
import { parseArgs } from "node:util";
import { type CommandContext, type Outcome, vehicleClient } from "../sdk/io/client.ts";
import { chanceOf } from "./chance.ts";
import { type FlightState, startOfFlight, stepFlight } from "./flight.ts";
import { beginOrder, type Order, stopFlight } from "./orders.ts";
import { Outgoing, type PostAnswer } from "./outgoing.ts";
import { attitudeRate, framesOf, type SimulatedFrame } from "./sensors.ts";

const tickMs = 1_000 / attitudeRate;
/** A few posts a second: what a flight controller's bridge would do. */
const postIntervalMs = 200;
const postTimeoutMs = 5_000;
/** How often a command that goes on is told. */
const progressIntervalMs = 1_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { agent: { type: "string", default: "http://127.0.0.1:7777" }, seed: { type: "string", default: "1" } },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`Cannot take "${values.seed}" as seed: wanted a whole number`);
  const outgoing = new Outgoing();
  const vehicle = new SimulatedVehicle(seed);
  const post = poster(new URL("/v1/log", values.agent), outgoing);
  log(`flying with seed ${seed}, frames go to ${values.agent}`);
  void obey(vehicle, new URL(values.agent).origin);
  // The vehicle flies on whatever the agent does: at most one post is under way beside it.
  let posting: Promise<void> | undefined;
  while (true) {
    outgoing.add(vehicle.flyOn());
    posting ??= post().finally(() => posting = undefined);
    await pause(postIntervalMs);
  }
}

/** The model in real time. */
class SimulatedVehicle {
  state: FlightState = startOfFlight();
  readonly #chance: ReturnType<typeof chanceOf>;
  readonly #startedAtMs = Date.now();
  #tick = 0;

  constructor(seed: number) {
    this.#chance = chanceOf(seed);
  }

  /** Brings the model up to now; after a pause of the machine it skips what nobody could have measured. */
  flyOn(): SimulatedFrame[] {
    const frames: SimulatedFrame[] = [];
    const chance = this.#chance;
    const due = Math.floor((Date.now() - this.#startedAtMs) / tickMs);
    for (this.#tick = Math.max(this.#tick, due - attitudeRate); this.#tick < due; this.#tick++) {
      const before = this.state;
      this.state = stepFlight(before, { seconds: tickMs / 1_000, chance });
      const ts = BigInt(Math.round(this.#startedAtMs + this.#tick * tickMs)) * 1_000_000n;
      frames.push(...framesOf(this.state, { before, tick: this.#tick, ts, chance }));
    }
    return frames;
  }
}

/** Does what it is told, for ever. */
async function obey(vehicle: SimulatedVehicle, agentUrl: string): Promise<void> {
  await vehicleClient({ agentUrl, name: "sitl" }).takeCommands({
    onCommand: (command, context) => fly(vehicle, command, context),
    onStop: (number) => {
      vehicle.state = stopFlight(vehicle.state);
      log(`stopped (${number})`);
    },
    onRelease: (number) => log(`released (${number})`),
  }, new AbortController().signal);
}

async function fly(vehicle: SimulatedVehicle, order: Order, { signal, progress }: CommandContext): Promise<Outcome> {
  const begun = beginOrder(vehicle.state, order);
  if ("refused" in begun) return { state: "rejected", code: "not_possible", detail: begun.refused };
  log(`command ${order.type}`);
  vehicle.state = begun.state;
  while (!begun.isDone(vehicle.state)) {
    const { phase, up } = vehicle.state;
    await progress({ phase, up_m: Math.round(up) });
    await pause(progressIntervalMs);
    signal.throwIfAborted();
  }
  return { state: "succeeded", data: { phase: vehicle.state.phase } };
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function log(message: string): void {
  console.error(`${new Date().toISOString()} ${message}`);
}

await main();
