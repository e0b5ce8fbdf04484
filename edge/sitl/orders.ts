/** What commands make of a simulated flight, and when each is done. Pure. */
import type { FlightState } from "./flight.ts";
import { home, metresPerDegree } from "./sensors.ts";

/** A command as the simulated vehicle gets it. */
export interface Order {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a command begins: another state, and when it is done; or why it is not begun. */
export type Begun =
  | { readonly state: FlightState; readonly isDone: (state: FlightState) => boolean }
  | { readonly refused: string };

/** Begins a command. */
export function beginOrder(state: FlightState, { type, data }: Order): Begun {
  const atOnce = (next: FlightState): Begun => ({ state: next, isDone: () => true });
  switch (type) {
    case "ping":
      return atOnce(state);
    case "set_speed":
      return atOnce({ ...state, speed: numberOf(data.speed_mps, state.speed) });
    case "hold":
      return atOnce({ ...state, phase: "holding" });
    case "rtl":
      return { state: { ...state, phase: "returning", staysDown: true }, isDone: isDown };
    case "land":
      return { state: { ...state, phase: "landing", staysDown: true }, isDone: isDown };
    case "arm":
    case "takeoff":
      if (state.up > 0) return { refused: "it is in the air" };
      return { state: { ...state, phase: "climbing", staysDown: false }, isDone: ({ up }) => type === "arm" || up > 2 };
    case "disarm":
      return state.up > 0
        ? { refused: "it is in the air" }
        : atOnce({ ...state, phase: "holding", velocity: [0, 0, 0] });
    case "goto":
      return { state: { ...state, phase: "going", target: targetOf(state, data) }, isDone: hasArrived };
    default:
      return { refused: `it does not know "${type}"` };
  }
}

/** A stop: it hovers where it is. */
export function stopFlight(state: FlightState): FlightState {
  return { ...state, phase: "holding", velocity: [0, 0, 0] };
}

function isDown({ phase, up }: FlightState): boolean {
  return up === 0 && phase === "holding";
}

function hasArrived({ phase }: FlightState): boolean {
  return phase === "holding";
}

function targetOf(state: FlightState, data: Order["data"]): [number, number, number] {
  const latitude = numberOf(data.latitude, home.latitude);
  const longitude = numberOf(data.longitude, home.longitude);
  const perDegree = metresPerDegree * Math.cos(home.latitude * Math.PI / 180);
  return [
    (longitude - home.longitude) * perDegree,
    (latitude - home.latitude) * metresPerDegree,
    numberOf(data.altitude_m, state.up),
  ];
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
