import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { type Queries, Sightings } from "./sightings.ts";

/** A store that shows each number from some time on. */
function storeOf(clock: VirtualClock, showsFromMs: ReadonlyMap<number, number>) {
  const asked: number[] = [];
  const isShown = (number: number) => clock.uptimeMs() >= (showsFromMs.get(number) ?? Infinity);
  const queries: Queries = {
    newest: () => Promise.resolve(Math.max(-1, ...[...showsFromMs.keys()].filter(isShown))),
    shows: ({ number }) => {
      asked.push(number);
      return Promise.resolve(isShown(number));
    },
  };
  return { queries, asked };
}

Deno.test("a delay runs from when the post was due to the answer that shows the frame", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const { queries } = storeOf(clock, new Map([[1, 100], [2, 300]]));
  const sightings = new Sightings(queries, clock);
  sightings.expect({ number: 1, dueMs: 20 });
  sightings.expect({ number: 2, dueMs: 40 });
  await clock.run(sightings.watch(clock.after(50), 1000));
  equal(sightings.delaysMs.length, 2);
  for (const [at, exactMs] of [80, 260].entries()) {
    const overMs = sightings.delaysMs[at] - exactMs;
    ok(overMs >= 0 && overMs < 10, `told ${sightings.delaysMs[at]} ms, wanted ${exactMs}`);
  }
});

Deno.test("a newer frame that shows does not stand for an older one that does not", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const { queries } = storeOf(clock, new Map([[1, 200], [2, 50]]));
  const sightings = new Sightings(queries, clock);
  sightings.expect({ number: 1, dueMs: 0 });
  await clock.run(sightings.watch(Promise.resolve(), 1000));
  ok(sightings.delaysMs[0] >= 200, `told ${sightings.delaysMs[0]} ms`);
});

Deno.test("nothing is asked about a frame while the newest that shows is older", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const { queries, asked } = storeOf(clock, new Map([[7, 100]]));
  const sightings = new Sightings(queries, clock);
  sightings.expect({ number: 7, dueMs: 0 });
  await clock.run(sightings.watch(Promise.resolve(), 1000));
  deepEqual(asked, [7]);
});

Deno.test("samples that never show are told, once all has been posted and time has passed", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const sightings = new Sightings(storeOf(clock, new Map()).queries, clock);
  sightings.expect({ number: 1, dueMs: 0 });
  const watching = sightings.watch(clock.after(5000), 1000);
  await rejects(clock.run(watching), /Cannot see 1 of the samples/);
  ok(clock.uptimeMs() > 6000, `gave up at ${clock.uptimeMs()} ms`);
});
