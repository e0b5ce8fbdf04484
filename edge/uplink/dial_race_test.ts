import { deepEqual, equal } from "node:assert/strict";
import { DialRace } from "./dial_race.ts";
import type { DialPlan } from "./transport_memory.ts";

const plan: DialPlan = { order: ["quic", "tcp"], staggerMs: 1_500, limitMs: 10_000 };

Deno.test("the second transport starts when the first had its time", () => {
  const race = new DialRace(plan, 100);
  deepEqual(race.poll(100), { kind: "dial", transport: "quic" });
  deepEqual(race.poll(100), { kind: "wait", untilMs: 1_600 });
  deepEqual(race.poll(1_600), { kind: "dial", transport: "tcp" });
  deepEqual(race.poll(1_600), { kind: "wait", untilMs: 10_100 });
  deepEqual(race.poll(10_100), { kind: "lost" });
});

Deno.test("the second transport starts at once when the first has failed, and the race is lost with the last", () => {
  const race = new DialRace(plan, 0);
  race.poll(0);
  race.handleFailed(20);
  deepEqual(race.poll(20), { kind: "dial", transport: "tcp" });
  race.handleFailed(50);
  deepEqual(race.poll(50), { kind: "lost" });
});

Deno.test("one transport alone has its own limit", () => {
  const race = new DialRace({ order: ["quic"], staggerMs: 0, limitMs: 3_000 }, 0);
  equal(race.poll(0).kind, "dial");
  deepEqual(race.poll(1), { kind: "wait", untilMs: 3_000 });
  equal(race.poll(3_000).kind, "lost");
});
