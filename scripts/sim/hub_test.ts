import { deepEqual, equal } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { Hub } from "./hub.ts";
import { Machine } from "./machine.ts";
import { VirtualTime } from "./virtual_time.ts";
import { Wire } from "./wire.ts";

function makeHub(bytesMax = 1_000) {
  const time = new VirtualTime();
  const told: string[] = [];
  const hub = new Hub(new Machine(time), {
    bytesMax,
    events: {
      placed: ({ sequence }) => told.push(`placed ${sequence}`),
      repeatRecognized: () => told.push("repeat"),
      trimmed: ({ sequence }) => told.push(`trimmed ${sequence}`),
      stalled: () => told.push("stalled"),
    },
  });
  const publish = (messageId: string, lane: "live" | "backfill" = "live") =>
    hub.place({ messageId, lane, partition: 0, bytes: new Uint8Array(100) });
  return { time, hub, told, publish };
}

Deno.test("a repeat gets the place of the first for two minutes, then it is a message like others", async () => {
  const { time, publish, told } = makeHub();
  deepEqual([publish("a"), publish("b"), publish("a")], [1, 2, 1]);
  await time.runTo(120_000);
  equal(publish("a"), 3);
  deepEqual(told, ["placed 1", "placed 2", "repeat", "placed 3"]);
});

Deno.test("lanes are read in their order, and a full log lets the oldest go", () => {
  const { hub, publish, told } = makeHub(300);
  for (const id of ["a", "b", "c", "d", "e"]) publish(id, id === "c" ? "backfill" : "live");
  deepEqual(told.filter((line) => line.startsWith("trimmed")), ["trimmed 1", "trimmed 2"]);
  deepEqual([hub.next("live", 0)?.sequence, hub.next("backfill", 0)?.sequence], [4, 3]);
  deepEqual([hub.next("live", 4)?.sequence, hub.next("live", 5)], [5, undefined]);
  deepEqual([hub.placedAtNs(2), typeof hub.placedAtNs(4)], [undefined, "bigint"]);
});

Deno.test("what is asked of a stalled hub is done when it goes on", async () => {
  const { time, hub, told, publish } = makeHub();
  hub.stall(1_000);
  hub.ask(() => publish("a"));
  await time.runTo(999);
  deepEqual(told, ["stalled"]);
  await time.runTo(1_001);
  deepEqual(told, ["stalled", "placed 1"]);
});

Deno.test("a wire loses, doubles, and keeps the order where it must", async () => {
  const time = new VirtualTime();
  const told: string[] = [];
  const events = { lost: () => told.push("lost"), doubled: () => told.push("doubled") };
  const wire = new Wire(time, { random: seededRandom(1), events, isOrdered: true });
  const arrived: number[] = [];
  wire.conditions.delayMs = { min: 1, max: 500 };
  for (let number = 0; number < 50; number++) wire.send(() => arrived.push(number));
  await time.runTo(600);
  deepEqual(arrived, Array.from({ length: 50 }, (_, number) => number));
  wire.conditions.doubled = 1;
  wire.send(() => arrived.push(50));
  wire.conditions.loss = 1;
  wire.send(() => arrived.push(51));
  wire.conditions.isCut = true;
  await time.runTo(2_000);
  deepEqual(told, ["doubled", "lost", "lost", "lost"]);
  equal(arrived.length, 50);
});
