import { deepEqual, equal } from "node:assert/strict";
import { publishAttemptsMax, republishAfterMs } from "./limits.ts";
import { Outstanding } from "./outstanding.ts";

const bundle = (...parts: string[]) => ({ lane: "live", partition: 3, bytes: new Uint8Array(100), parts }) as const;

Deno.test("a message is kept until it is placed, and answered once", () => {
  const outstanding = new Outstanding<string>();
  const first = outstanding.add(bundle("a", "b"), 0);
  const second = outstanding.add(bundle("c"), 0);
  deepEqual([first.number, second.number, outstanding.count, outstanding.bytes], [1, 2, 2, 200]);
  deepEqual(outstanding.handlePlaced(1)?.parts, ["a", "b"]);
  equal(outstanding.handlePlaced(1), undefined);
  equal(outstanding.handlePlaced(77), undefined);
  deepEqual([outstanding.count, outstanding.bytes], [1, 100]);
});

Deno.test("without an answer a message is repeated under its number, later each time, and then given up", () => {
  const outstanding = new Outstanding<string>();
  const message = outstanding.add(bundle("a"), 0);
  const repeatedAt: number[] = [];
  let lostAt = 0;
  for (let nowMs = 0; lostAt === 0; nowMs += 100) {
    const { repeat, lost } = outstanding.poll(nowMs);
    if (repeat.length > 0) repeatedAt.push(nowMs);
    for (const repeated of repeat) equal(repeated, message);
    if (lost.length > 0) lostAt = nowMs;
  }
  deepEqual(repeatedAt, [1, 3, 7, 15].map((times) => times * republishAfterMs));
  equal(repeatedAt.length, publishAttemptsMax - 1);
  equal(lostAt, 31 * republishAfterMs);
  deepEqual([outstanding.count, outstanding.bytes], [0, 0]);
});

Deno.test("when the log is back, only what was repeated before is repeated at once", () => {
  const outstanding = new Outstanding<string>();
  outstanding.add(bundle("old"), 0);
  outstanding.poll(republishAfterMs);
  outstanding.add(bundle("new"), republishAfterMs);
  outstanding.hurry(republishAfterMs + 1);
  deepEqual(outstanding.poll(republishAfterMs + 1).repeat.map(({ number }) => number), [1]);
});
