/**
 * The flight of a simulated copter as a pure model: take-off, rounds of a survey square, return when the battery is low,
 * landing, a pause to charge, again. Seeded, so that a run can be had again.
 */

/** Position and motion, as the model steps them. */
export interface FlightState {
  readonly phase: "charging" | "climbing" | "surveying" | "returning" | "landing" | "holding" | "going";
  /** Seconds since the start. */
  readonly timeS: number;
  /** Metres east, north and up of the home point. */
  readonly east: number;
  readonly north: number;
  readonly up: number;
  /** Metres per second, east, north, up. */
  readonly velocity: readonly [number, number, number];
  /** Radians, clockwise from north. */
  readonly heading: number;
  /** 0 to 1. */
  readonly battery: number;
  /** Next corner of the square. */
  readonly corner: number;
  /** Where it goes by command; metres east, north and up. */
  readonly target?: readonly [number, number, number];
  /** Metres per second on the way. */
  readonly speed: number;
  /** It landed, or lands, because it was told to: it waits for another command then. */
  readonly staysDown: boolean;
}

/** A source of numbers in [0, 1). */
export type Chance = () => number;

/** Without a command that says another. */
const cruiseSpeed = 12;
const climbSpeed = 3;
const surveyHeight = 60;
const squareSide = 400;
/** A flight lasts about a quarter of an hour, charging two minutes. */
const drainPerSecond = 1 / 1_000;
const chargePerSecond = 1 / 120;
const batteryLow = 0.25;
const arrivedWithin = 5;

const corners: readonly (readonly [number, number])[] = [[0, 0], [squareSide, 0], [squareSide, squareSide], [
  0,
  squareSide,
]];

/** On the ground with a full battery. */
export function startOfFlight(): FlightState {
  return {
    phase: "climbing",
    timeS: 0,
    east: 0,
    north: 0,
    up: 0,
    velocity: [0, 0, 0],
    heading: 0,
    battery: 1,
    corner: 1,
    speed: cruiseSpeed,
    staysDown: false,
  };
}

/** The state some `seconds` later, fractions of one. `chance` moves the air. */
export function stepFlight(state: FlightState, { seconds, chance }: { seconds: number; chance: Chance }): FlightState {
  const velocity = velocityOf(state, chance);
  const charging = state.phase === "charging";
  const moved: FlightState = {
    ...state,
    timeS: state.timeS + seconds,
    velocity,
    east: state.east + velocity[0] * seconds,
    north: state.north + velocity[1] * seconds,
    up: Math.max(0, state.up + velocity[2] * seconds),
    heading: charging ? state.heading : Math.atan2(velocity[0], velocity[1]),
    battery: Math.min(1, Math.max(0, state.battery + (charging ? chargePerSecond : -drainPerSecond) * seconds)),
  };
  return nextPhase(moved);
}

function velocityOf(state: FlightState, chance: Chance): readonly [number, number, number] {
  const gust = () => (chance() - 0.5) * 0.6;
  switch (state.phase) {
    case "charging":
      return [0, 0, 0];
    case "holding":
      return state.up > 0 ? [gust(), gust(), gust() / 2] : [0, 0, 0];
    case "going": {
      const [east, north, up] = state.target ?? [state.east, state.north, state.up];
      const [toEast, toNorth] = towards([east, north], { from: state, gust });
      return [toEast, toNorth, Math.max(-climbSpeed, Math.min(climbSpeed, up - state.up))];
    }
    case "climbing":
      return [gust(), gust(), climbSpeed];
    case "landing":
      return [gust(), gust(), -climbSpeed / 2];
    case "surveying":
      return towards(corners[state.corner], { from: state, gust });
    case "returning":
      return towards(corners[0], { from: state, gust });
  }
}

function towards(
  [toEast, toNorth]: readonly [number, number],
  { from: { east, north, speed: most }, gust }: { from: FlightState; gust: () => number },
): readonly [number, number, number] {
  const distance = Math.hypot(toEast - east, toNorth - north);
  const speed = Math.min(most, distance) / Math.max(distance, 1e-6);
  return [(toEast - east) * speed + gust(), (toNorth - north) * speed + gust(), gust() / 2];
}

function nextPhase(state: FlightState): FlightState {
  const near = ([east, north]: readonly [number, number]) =>
    Math.hypot(east - state.east, north - state.north) < arrivedWithin;
  switch (state.phase) {
    case "holding":
      return state;
    case "going": {
      const [east, north, up] = state.target ?? [state.east, state.north, state.up];
      return near([east, north]) && Math.abs(up - state.up) < 1 ? { ...state, phase: "holding" } : state;
    }
    case "charging":
      return state.battery >= 1 ? { ...state, phase: "climbing" } : state;
    case "climbing":
      return state.up >= surveyHeight ? { ...state, phase: "surveying" } : state;
    case "surveying":
      if (state.battery < batteryLow) return { ...state, phase: "returning" };
      return near(corners[state.corner]) ? { ...state, corner: (state.corner + 1) % corners.length } : state;
    case "returning":
      return near(corners[0]) ? { ...state, phase: "landing" } : state;
    case "landing":
      if (state.up > 0) return state;
      return { ...state, phase: state.staysDown ? "holding" : "charging", velocity: [0, 0, 0] };
  }
}
