import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { LoginQueue } from "./login_queue.ts";

const rate = { perSecond: 10, burst: 2 };

Deno.test("who brings a crowd waits for the crowd, everybody else for one of it", () => {
  const queue = new LoginQueue<string>(rate, 0);
  for (let i = 0; i < 5; i++) queue.arrive("crowd", `crowd ${i}`);
  deepEqual(queue.pollTurns(0), ["crowd 0", "crowd 1"]);
  queue.arrive("alone", "alone");
  queue.arrive("other", "other");
  deepEqual([queue.waiting, queue.waitMs(0), queue.pollTurns(0)], [5, 100, []]);
  const order = [100, 200, 300, 400, 500].flatMap((nowMs) => queue.pollTurns(nowMs));
  deepEqual(order, ["crowd 2", "alone", "other", "crowd 3", "crowd 4"]);
  deepEqual([queue.waiting, queue.waitMs(500)], [0, undefined]);
});

Deno.test("who leaves is skipped, and an address without anybody is forgotten", () => {
  const queue = new LoginQueue<string>(rate, 0);
  for (const waiter of ["a", "b", "c", "d"]) queue.arrive("one", waiter);
  queue.leave("one", "c");
  queue.leave("one", "c");
  queue.leave("nowhere", "a");
  deepEqual([queue.pollTurns(0), queue.waiting], [["a", "b"], 1]);
  queue.leave("one", "d");
  deepEqual([queue.waiting, queue.pollTurns(1000)], [0, []]);
});

Deno.test("everybody who stays gets one turn, in the order of its address, and none starves", () => {
  const event = fc.record({ address: fc.nat(4), act: fc.constantFrom("arrive", "arrive", "leave", "turn") });
  fc.assert(fc.property(fc.array(event, { maxLength: 100 }), (events) => {
    const queue = new LoginQueue<number>({ perSecond: 1, burst: 1 }, 0);
    const lines = new Map<string, number[]>();
    for (const [at, { address, act }] of events.entries()) {
      const name = String(address);
      const line = lines.get(name) ?? lines.set(name, []).get(name) ?? [];
      if (act === "arrive") {
        queue.arrive(name, at);
        line.push(at);
      }
      if (act === "leave" && line.length > 0) queue.leave(name, line.pop() ?? -1);
      const turns = act === "turn" ? queue.pollTurns(at * 1000) : [];
      for (const turn of turns) {
        const owner = [...lines.values()].find(([first]) => first === turn);
        ok(owner !== undefined, "the first of its line");
        owner.shift();
      }
    }
    const left = [...lines.values()].flat();
    equal(queue.waiting, left.length);
    const last = Array.from({ length: left.length }, (_, i) => queue.pollTurns(1e6 + i * 1000)).flat();
    deepEqual(last.toSorted(), left.toSorted());
  }));
});
