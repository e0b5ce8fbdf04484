import { deepStrictEqual, ok } from "node:assert/strict";
import { chanceOf } from "./chance.ts";
import { type FlightState, startOfFlight, stepFlight } from "./flight.ts";
import { attitudeRate, framesOf } from "./sensors.ts";

function fly(seconds: number, seed: number): FlightState[] {
  const chance = chanceOf(seed);
  const states = [startOfFlight()];
  for (let tick = 0; tick < seconds * attitudeRate; tick++) {
    states.push(stepFlight(states[tick], { seconds: 1 / attitudeRate, chance }));
  }
  return states;
}

Deno.test("a flight goes through all its phases, never below ground, and charges again", () => {
  const states = fly(1_300, 1);
  const phases = new Set(states.map(({ phase }) => phase));
  deepStrictEqual([...phases], ["climbing", "surveying", "returning", "landing", "charging"]);
  ok(states.every(({ up, battery }) => up >= 0 && up < 120 && battery > 0 && battery <= 1));
  ok(states.every(({ east, north }) => Math.abs(east) < 500 && Math.abs(north) < 500));
  ok(
    states.slice(attitudeRate).some(({ phase, battery }) => phase === "climbing" && battery > 0.99),
    "it never flew again",
  );
});

Deno.test("the same seed flies the same flight, another seed another", () => {
  deepStrictEqual(fly(20, 7).at(-1), fly(20, 7).at(-1));
  ok(fly(20, 7).at(-1)?.east !== fly(20, 8).at(-1)?.east);
});

Deno.test("attitude comes with every tick, gps with every tenth, and a change of phase is an event", () => {
  const states = fly(30, 3);
  const frames = states.slice(1).flatMap((state, tick) =>
    framesOf(state, { before: states[tick], tick, ts: BigInt(tick), chance: chanceOf(1) })
  );
  const countOf = (stream: string) => frames.filter((frame) => frame.stream === stream).length;
  deepStrictEqual([countOf("attitude"), countOf("gps"), countOf("battery")], [1_500, 150, 30]);
  deepStrictEqual(frames.filter(({ stream }) => stream === "event").map(({ data }) => data.to), ["surveying"]);
});
