import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Outgoing, postFramesMax, waitingFramesMax } from "./outgoing.ts";
import type { SimulatedFrame } from "./sensors.ts";

const frame = (n: number): SimulatedFrame => ({ stream: "gps", ts: String(n), data: {} });
const waitingIn = (outgoing: Outgoing) => outgoing.next().map(({ ts }) => Number(ts));

Deno.test("frames stay until they were taken, in their order", () => {
  const outgoing = new Outgoing();
  outgoing.add([frame(1), frame(2)]);
  const posted = outgoing.next();
  outgoing.add([frame(3)]);
  outgoing.handleAnswer(posted, { results: [{}, {}] });
  deepStrictEqual([waitingIn(outgoing), outgoing.dropped], [[3], 0]);
});

Deno.test("what the agent could not take now is sent again, what it never will is given up", () => {
  const outgoing = new Outgoing();
  outgoing.add([frame(1), frame(2), frame(3)]);
  outgoing.handleAnswer(outgoing.next(), { results: [{ error: { status: 507 } }, { error: { status: 422 } }, {}] });
  deepStrictEqual([waitingIn(outgoing), outgoing.dropped], [[1], 1]);
});

Deno.test("while the agent is away the newest are kept", () => {
  const outgoing = new Outgoing();
  outgoing.add(Array.from({ length: waitingFramesMax + 7 }, (_, n) => frame(n)));
  deepStrictEqual([outgoing.length, outgoing.dropped, outgoing.next()[0].ts], [waitingFramesMax, 7, "7"]);
  strictEqual(outgoing.next().length, postFramesMax);
});

Deno.test("a frame that became too old while it was posted is counted once", () => {
  const outgoing = new Outgoing();
  outgoing.add([frame(0)]);
  const posted = outgoing.next();
  outgoing.add(Array.from({ length: waitingFramesMax }, (_, n) => frame(n + 1)));
  outgoing.handleAnswer(posted, { results: [{ error: { status: 422 } }] });
  deepStrictEqual([outgoing.length, outgoing.dropped], [waitingFramesMax, 1]);
});
