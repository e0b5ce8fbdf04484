import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { chanceOf } from "./chance.ts";
import { type FlightState, startOfFlight, stepFlight } from "./flight.ts";
import { beginOrder, stopFlight } from "./orders.ts";
import { home } from "./sensors.ts";

const chance = chanceOf(1);
const fly = (state: FlightState, seconds: number) => {
  for (let at = 0; at < seconds * 10; at++) state = stepFlight(state, { seconds: 0.1, chance });
  return state;
};

/** Begins a command in a state and flies until it is done. */
function obeyed(state: FlightState, type: string, data = {}): FlightState {
  const begun = beginOrder(state, { type, data });
  ok(!("refused" in begun), "refused" in begun ? begun.refused : "");
  let next = begun.state;
  for (let at = 0; at < 3_000 && !begun.isDone(next); at++) next = fly(next, 0.1);
  ok(begun.isDone(next), `${type} is never done`);
  return next;
}

const surveying = fly(startOfFlight(), 60);

Deno.test("it returns, lands, goes and hovers as it is told", () => {
  strictEqual(surveying.phase, "surveying");
  const back = obeyed(surveying, "rtl");
  ok(back.up === 0 && Math.hypot(back.east, back.north) < 20, JSON.stringify(back));
  strictEqual(obeyed(surveying, "land").up, 0);
  const target = { latitude: home.latitude + 0.001, longitude: home.longitude, altitude_m: 30 };
  const there = obeyed(surveying, "goto", target);
  ok(Math.abs(there.north - 111.32) < 10 && Math.abs(there.up - 30) < 2, JSON.stringify(there));
  const hovering = fly(obeyed(surveying, "hold"), 30);
  ok(Math.hypot(hovering.east - surveying.east, hovering.north - surveying.north) < 20);
  strictEqual(obeyed(surveying, "set_speed", { speed_mps: 3 }).speed, 3);
});

Deno.test("it takes off only from the ground, and goes dead only there", () => {
  const grounded = obeyed(surveying, "land");
  ok(obeyed(grounded, "takeoff").up > 2);
  strictEqual(obeyed(grounded, "disarm").phase, "holding");
  for (const type of ["takeoff", "disarm", "fly_to_the_moon"]) {
    ok("refused" in beginOrder(surveying, { type, data: {} }));
  }
});

Deno.test("a stop makes it hover where it is", () => {
  const stopped = fly(stopFlight(surveying), 60);
  deepStrictEqual(stopped.phase, "holding");
  ok(Math.hypot(stopped.east - surveying.east, stopped.north - surveying.north) < 30);
});
