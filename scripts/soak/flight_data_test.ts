import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { type FlightPlan, frameText, signalName, tsOf, valueOf } from "./flight_data.ts";

const plan: FlightPlan = { stream: "dark", signals: 20, perSecond: 10, startNs: 1_718_000_000_000_000_000n };

Deno.test("a frame holds every signal under its name, and its time", () => {
  const frame = JSON.parse(frameText(37, plan));
  strictEqual(frame.stream, "dark");
  strictEqual(frame.ts, "1718000003700000000");
  deepStrictEqual(Object.keys(frame.data), Array.from({ length: 20 }, (_, at) => signalName(at)));
  deepStrictEqual(Object.values(frame.data), Array.from({ length: 20 }, (_, at) => valueOf(37, at)));
});

Deno.test("frames differ in every signal and are evenly apart", () => {
  for (let at = 0; at < plan.signals; at++) notStrictEqual(valueOf(1, at), valueOf(2, at));
  strictEqual(tsOf(2_591_999, plan) - tsOf(2_591_998, plan), 100_000_000n);
});
