import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Arrivals } from "./arrivals.ts";

Deno.test("things arrive when they are due, in order, those of one moment as they were sent", () => {
  const arrivals = new Arrivals<string>();
  equal(arrivals.nextMs, undefined);
  arrivals.send("late", 30);
  arrivals.send("first", 10);
  arrivals.send("second", 10);
  deepEqual([arrivals.nextMs, arrivals.pollArrived(9)], [10, []]);
  deepEqual(arrivals.pollArrived(10), ["first", "second"]);
  deepEqual([arrivals.nextMs, arrivals.count], [30, 1]);
  deepEqual(arrivals.pollArrived(99), ["late"]);
});

Deno.test("whatever is sent arrives once, as a stable sort would have it", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
    const arrivals = new Arrivals<number>();
    times.forEach((atMs, number) => arrivals.send(number, atMs));
    const wanted = times.map((_, number) => number).sort((a, b) => times[a] - times[b]);
    const found = Array.from({ length: 21 }, (_, nowMs) => arrivals.pollArrived(nowMs)).flat();
    deepEqual(found, wanted);
  }));
});
