import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Outgoing, postFramesMax, waitingFramesMax } from "./outgoing.ts";
import type { SimulatedFrame } from "./sensors.ts";

const frame = (n: number): SimulatedFrame => ({ stream: "gps", ts: String(n), data: {} });

Deno.test("frames stay until they were taken, in their order", () => {
  const outgoing = new Outgoing();
  outgoing.add([frame(1), frame(2)]);
  const posted = outgoing.next();
  outgoing.add([frame(3)]);
  outgoing.taken(posted);
  deepStrictEqual(outgoing.next().map(({ ts }) => ts), ["3"]);
});

Deno.test("while the agent is away the newest are kept", () => {
  const outgoing = new Outgoing();
  outgoing.add(Array.from({ length: waitingFramesMax + 7 }, (_, n) => frame(n)));
  deepStrictEqual([outgoing.length, outgoing.dropped, outgoing.next()[0].ts], [waitingFramesMax, 7, "7"]);
  strictEqual(outgoing.next().length, postFramesMax);
});
