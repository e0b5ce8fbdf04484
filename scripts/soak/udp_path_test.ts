import { deepEqual, equal, ok } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { type PathConditions, UdpPath } from "./udp_path.ts";

const count = 10_000;

/** Sends datagrams of 1000 bytes, one each millisecond, and gives their arrivals. */
function send(conditions: Partial<PathConditions>, seed = 1) {
  const path = new UdpPath(seededRandom(seed), conditions);
  const fates = Array.from({ length: count }, (_, nowMs) => path.fateOf(1000, nowMs));
  return { path, fates, copies: fates.map(({ length }) => length) };
}

function near(found: number, wanted: number) {
  ok(Math.abs(found - wanted) < count * 0.015, `${found}, wanted about ${wanted}`);
}

Deno.test("a clear path gives each datagram at once and once", () => {
  const { fates, path } = send({});
  deepEqual(fates, Array.from({ length: count }, (_, nowMs) => [nowMs]));
  deepEqual(path.counts, { passed: count, blocked: 0, lost: 0, overflowed: 0 });
});

Deno.test("a part is lost, a part comes twice, and each is counted once", () => {
  const { path, copies } = send({ loss: 0.1, duplication: 0.2 });
  near(path.counts.lost, count * 0.1);
  equal(copies.filter((length) => length === 0).length, path.counts.lost);
  near(copies.filter((length) => length === 2).length, count * 0.9 * 0.2);
  equal(path.counts.passed + path.counts.lost, count);
});

Deno.test("jitter spreads the delay and keeps the order", () => {
  const { fates } = send({ delayMs: 50, jitterMs: 30 });
  const times = fates.map(([arrivalMs]) => arrivalMs);
  ok(times.every((arrivalMs, at) => at === 0 || arrivalMs >= times[at - 1]), "the order stays");
  ok(times.every((arrivalMs, sentMs) => arrivalMs >= sentMs + 50 && arrivalMs <= sentMs + 80 + 1e-6));
  const delays = times.map((arrivalMs, sentMs) => arrivalMs - sentMs);
  ok(Math.max(...delays) - Math.min(...delays) > 10, "the delay varies");
});

Deno.test("a part is overtaken by what was sent behind it", () => {
  const { fates } = send({ delayMs: 5, reordering: 0.1, overtakenMs: 20 });
  const late = fates.filter(([arrivalMs], sentMs) => arrivalMs === sentMs + 25).length;
  near(late, count * 0.1);
  equal(fates.filter(([arrivalMs], sentMs) => arrivalMs === sentMs + 5).length, count - late);
});

Deno.test("a rate makes datagrams wait, and what would wait too long is lost", () => {
  // Twice as much comes as gets through.
  const { fates, path } = send({ bytesPerSecond: 500_000, queueMsMax: 100 });
  const arrivals = fates.flat();
  near(arrivals.length, count / 2);
  equal(path.counts.overflowed, count - arrivals.length);
  arrivals.slice(1).forEach((arrivalMs, at) => ok(arrivalMs - arrivals[at] >= 2 - 1e-6, "one each 2 ms"));
  const waits = fates.flatMap(([arrivalMs], sentMs) => arrivalMs === undefined ? [] : [arrivalMs - sentMs]);
  ok(Math.max(...waits) <= 102 + 1e-6, `waited ${Math.max(...waits)} ms`);
});

Deno.test("conditions change while datagrams come: what is blocked is lost, and later ones pass", () => {
  const path = new UdpPath(seededRandom(1));
  path.change({ blocked: true, delayMs: 7 });
  deepEqual([path.fateOf(1, 10), path.fateOf(1, 11)], [[], []]);
  path.change({ blocked: false });
  deepEqual(path.fateOf(1, 12), [19]);
  equal(path.conditions.delayMs, 7);
  deepEqual(path.counts, { passed: 1, blocked: 2, lost: 0, overflowed: 0 });
});

Deno.test("the same seed gives the same fates, and a further condition leaves the losses where they were", () => {
  const poor = { loss: 0.05, jitterMs: 10, reordering: 0.1, duplication: 0.1 };
  deepEqual(send(poor, 7).fates, send(poor, 7).fates);
  const lostOf = ({ copies }: ReturnType<typeof send>) => copies.map((length) => length === 0);
  deepEqual(lostOf(send(poor, 7)), lostOf(send({ loss: 0.05 }, 7)));
  ok(JSON.stringify(send(poor, 7).fates) !== JSON.stringify(send(poor, 8).fates));
});
