/** A simulated vehicle: a client of the agent's local API and nothing more. `--agent URL --seed N` */
import { parseArgs } from "node:util";
import { chanceOf } from "./chance.ts";
import { startOfFlight, stepFlight } from "./flight.ts";
import { Outgoing } from "./outgoing.ts";
import { attitudeRate, framesOf } from "./sensors.ts";

const { values } = parseArgs({
  options: { agent: { type: "string", default: "http://127.0.0.1:7777" }, seed: { type: "string", default: "1" } },
});

const tickMs = 1_000 / attitudeRate;
/** A few posts a second: what a flight controller's bridge would do. */
const postIntervalMs = 200;
const postTimeoutMs = 5_000;

const chance = chanceOf(Number(values.seed));
const outgoing = new Outgoing();
const startedAtMs = Date.now();
const log = (message: string) => console.error(`${new Date().toISOString()} ${message}`);
let state = startOfFlight();
let ticks = 0;
let away = false;

/** Brings the model up to now; after a pause of the machine it skips what nobody could have measured. */
function flyOn(): void {
  const due = Math.floor((Date.now() - startedAtMs) / tickMs);
  if (due - ticks > attitudeRate) ticks = due - attitudeRate;
  for (; ticks < due; ticks++) {
    const before = state;
    state = stepFlight(state, tickMs / 1_000, chance);
    const ts = BigInt(Math.round(startedAtMs + ticks * tickMs)) * 1_000_000n;
    outgoing.add(framesOf(state, { before, tick: ticks, ts, chance }));
  }
}

async function post(): Promise<void> {
  const frames = outgoing.next();
  if (frames.length === 0) return;
  try {
    const response = await fetch(new URL("/v1/log", values.agent), {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: frames.map((frame) => JSON.stringify(frame)).join("\n"),
      signal: AbortSignal.timeout(postTimeoutMs),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${answer.slice(0, 200)}`);
    outgoing.taken(frames);
    if (away) log("agent is back");
    away = false;
  } catch (error) {
    if (!away) log(`agent does not take frames, keeping the newest: ${error instanceof Error ? error.message : error}`);
    away = true;
  }
}

log(`flying with seed ${values.seed}, frames go to ${values.agent}`);
while (true) {
  flyOn();
  await post();
  await new Promise((resolve) => setTimeout(resolve, postIntervalMs));
}
