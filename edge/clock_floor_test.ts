import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { clockLiftOf, type PassedMoments } from "./clock_floor.ts";

const none: PassedMoments = { build: undefined, ring: undefined, certificate: undefined };

Deno.test("a clock in 1970 is lifted to the newest moment that has passed", () => {
  deepEqual(clockLiftOf(5n, { build: 30n, ring: 50n, certificate: 40n }), { toNs: 50n, source: "ring" });
  deepEqual(clockLiftOf(5n, { ...none, certificate: 40n, build: 30n }), { toNs: 40n, source: "certificate" });
  deepEqual(clockLiftOf(5n, { ...none, build: 30n }), { toNs: 30n, source: "build" });
});

Deno.test("a clock that is not behind stays, and so does one of which nothing is known", () => {
  deepEqual(clockLiftOf(50n, { build: 30n, ring: 50n, certificate: 40n }), undefined);
  deepEqual(clockLiftOf(0n, none), undefined);
});

Deno.test("after a lift no moment lies ahead, and no clock ever goes back", () => {
  const moment = fc.option(fc.bigInt(0n, 1n << 62n), { nil: undefined });
  const moments = fc.record({ build: moment, ring: moment, certificate: moment });
  fc.assert(fc.property(fc.bigInt(0n, 1n << 62n), moments, (wallNs, passed) => {
    const nowNs = clockLiftOf(wallNs, passed)?.toNs ?? wallNs;
    return nowNs >= wallNs && clockLiftOf(nowNs, passed) === undefined;
  }));
});
