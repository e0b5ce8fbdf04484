import { equal } from "node:assert/strict";
import { goodQuicMs, returnDelayMs, returnDelayMsMax } from "../limits.ts";
import { QuicReturn } from "./quic_return.ts";

const at = (nowMs: number) => ({ nowMs, fraction: 0 });

Deno.test("QUIC is tried again after a while, and more rarely after each try in vain", () => {
  const ways = new QuicReturn();
  equal(ways.dueMs, Infinity);
  ways.handleLinked("tcp", at(0));
  equal(ways.dueMs, returnDelayMs);
  ways.handleVain(at(returnDelayMs));
  equal(ways.dueMs, 3 * returnDelayMs);
  for (let i = 0; i < 50; i++) ways.handleVain(at(0));
  equal(ways.dueMs, returnDelayMsMax);
  ways.handleLinked("quic", at(1));
  equal(ways.dueMs, Infinity);
});

Deno.test("the waits begin anew after QUIC that lasted, and not after QUIC that did not", () => {
  for (const lastedMs of [goodQuicMs, goodQuicMs - 1]) {
    const ways = new QuicReturn();
    ways.handleLinked("tcp", at(0));
    ways.handleLinked("quic", at(0));
    ways.handleLinked("quic", at(lastedMs - 1));
    ways.handleLinked("tcp", at(lastedMs));
    equal(ways.dueMs - lastedMs, lastedMs >= goodQuicMs ? returnDelayMs : 2 * returnDelayMs);
  }
});

Deno.test("a fleet does not come back at one moment", () => {
  const ways = new QuicReturn();
  ways.handleLinked("tcp", { nowMs: 0, fraction: 0.5 });
  equal(ways.dueMs, 1.25 * returnDelayMs);
});
