import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parseVehicleId } from "#proto/ids.ts";
import {
  acknowledged,
  isStopped,
  nextStop,
  overruled,
  readStop,
  renumbered,
  type StopRecord,
  stopText,
} from "./stop_record.ts";

const vehicle = parseVehicleId("drone-001");
const wish = (isRelease: boolean) => ({ id: "id", isRelease, issuer: "test", reason: "why" });

Deno.test("a stop's number is above all before it, whatever the clock does; a release names the stop that it ends", () => {
  const step = fc.record({
    isRelease: fc.boolean(),
    nowMs: fc.integer({ min: 0, max: 1_000 }),
    known: fc.bigInt({ min: 0n, max: 2_000n }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    let before: StopRecord | undefined;
    let highest = 0n;
    for (const { isRelease, nowMs, known } of steps) {
      const next = nextStop(vehicle, { before, wish: wish(isRelease), nowMs });
      if (isRelease) strictEqual(next.number, highest);
      else ok(next.number > highest);
      strictEqual(isStopped(next), !isRelease);
      // The vehicle knows of a higher one.
      const above = renumbered(next, { id: "again", known: known > next.number ? known : next.number });
      if (!isRelease) ok(above.number > next.number);
      before = isRelease ? next : above;
      highest = before.number;
      equal(readStop(stopText(before)), before);
    }
  }));
});

Deno.test("a release that the vehicle refuses ends no later stop", () => {
  const release = nextStop(vehicle, { before: undefined, wish: wish(true), nowMs: 5 });
  const still = overruled(release, { known: 7n, atMs: 9 });
  equal([isStopped(still), still.number, still.acknowledgedAtMs], [true, 7n, 9]);
  strictEqual(nextStop(vehicle, { before: still, wish: wish(true), nowMs: 10 }).number, 7n);
});

Deno.test("an acknowledgement is kept with its time", () => {
  const record = nextStop(vehicle, { before: undefined, wish: wish(false), nowMs: 5 });
  equal(readStop(stopText(acknowledged(record, 9))), { ...record, acknowledgedAtMs: 9 });
  strictEqual(isStopped(undefined), false);
});
