/** What the simulated vehicle's sensors say of its flight, as frames of the local API. */
import type { Chance, FlightState } from "./flight.ts";

/** A frame as `POST /v1/log` takes it. */
export interface SimulatedFrame {
  readonly stream: string;
  /** Nanoseconds since 1970, decimal. */
  readonly ts: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly class?: "event";
}

/** Home of every simulated vehicle. */
export const home = { latitude: 47.397742, longitude: 8.545594, altitude: 488 };
/** How metres become degrees of latitude. */
export const metresPerDegree = 111_320;
const gravity = 9.80665;

/** Samples per second of each sensor; attitude sets the pace. */
export const attitudeRate = 50;
const everyNth: Readonly<Record<"gps" | "battery" | "status", number>> = { gps: 10, battery: 50, status: 50 };

/** All frames of one tick of the attitude's pace. `before`: the state one tick ago. */
export function framesOf(
  state: FlightState,
  options: { before: FlightState; tick: number; ts: bigint; chance: Chance },
): SimulatedFrame[] {
  const { before, tick, chance } = options;
  const ts = options.ts.toString();
  const frames: SimulatedFrame[] = [{ stream: "attitude", ts, data: attitude(state, before, chance) }];
  if (tick % everyNth.gps === 0) frames.push({ stream: "gps", ts, data: gps(state, chance) });
  if (tick % everyNth.battery === 0) frames.push({ stream: "battery", ts, data: battery(state) });
  if (tick % everyNth.status === 0) frames.push({ stream: "status", ts, data: status(state) });
  if (state.phase !== before.phase) {
    frames.push({ stream: "event", ts, class: "event", data: { kind: "phase", from: before.phase, to: state.phase } });
  }
  return frames;
}

function attitude(state: FlightState, before: FlightState, chance: Chance) {
  const noise = () => (chance() - 0.5) * 0.01;
  const acceleration = state.velocity.map((value, axis) => (value - before.velocity[axis]) * attitudeRate);
  return {
    roll: Math.fround(Math.atan2(acceleration[0], gravity) * 0.2 + noise()),
    pitch: Math.fround(-Math.atan2(acceleration[1], gravity) * 0.2 + noise()),
    yaw: Math.fround(state.heading),
    rates: [noise(), noise(), noise()].map(Math.fround),
  };
}

function gps(state: FlightState, chance: Chance) {
  const noise = () => (chance() - 0.5) * 0.8;
  const latitude = home.latitude + (state.north + noise()) / metresPerDegree;
  const longitude = home.longitude +
    (state.east + noise()) / (metresPerDegree * Math.cos(home.latitude * Math.PI / 180));
  return {
    latitude_deg: round(latitude, 7),
    longitude_deg: round(longitude, 7),
    altitude_m: round(home.altitude + state.up + noise(), 2),
    ground_speed_m_s: round(Math.hypot(state.velocity[0], state.velocity[1]), 2),
    satellites: 12 + Math.floor(chance() * 4),
    fix: true,
  };
}

function battery(state: FlightState) {
  return {
    remaining: round(state.battery, 4),
    voltage_v: round(19.8 + 5.4 * state.battery, 3),
    current_a: state.phase === "charging" ? -8 : 14,
  };
}

function status(state: FlightState) {
  return { phase: state.phase, armed: state.phase !== "charging", height_m: round(state.up, 2), corner: state.corner };
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
