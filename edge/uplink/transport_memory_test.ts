import { deepEqual } from "node:assert/strict";
import type { DialTarget } from "#proto/ports.ts";
import { hastyStaggerMs, raceStaggerMs, transportMemoryMax, transportMemoryMs } from "../limits.ts";
import { TransportMemory } from "./transport_memory.ts";

function targetOf(host: string, manner?: DialTarget["manner"]): DialTarget {
  return { host, port: 443, node: host, trust: [], manner };
}

Deno.test("QUIC is first, but for a while not where TCP was what worked", () => {
  const memory = new TransportMemory();
  const order = (host: string, nowMs: number) => memory.plan(targetOf(host), nowMs).order;
  deepEqual(order("a", 0), ["quic", "tcp"]);
  memory.handleWon(targetOf("a"), "tcp", 0);
  deepEqual(order("a", transportMemoryMs - 1), ["tcp", "quic"]);
  deepEqual(order("b", 0), ["quic", "tcp"]);
  deepEqual(order("a", transportMemoryMs), ["quic", "tcp"]);
  memory.handleWon(targetOf("a"), "tcp", 0);
  memory.handleWon(targetOf("a"), "quic", 1);
  deepEqual(order("a", 2), ["quic", "tcp"]);
});

Deno.test("the best way alone is QUIC, whatever worked, and in haste the other one follows at once", () => {
  const memory = new TransportMemory();
  memory.handleWon(targetOf("a"), "tcp", 0);
  deepEqual(memory.plan(targetOf("a", "best_only"), 1).order, ["quic"]);
  deepEqual(memory.plan(targetOf("a", "hasty"), 1).staggerMs, hastyStaggerMs);
  deepEqual(memory.plan(targetOf("a"), 1).staggerMs, raceStaggerMs);
});

Deno.test("no more relays are remembered than may be", () => {
  const memory = new TransportMemory();
  for (let i = 0; i <= transportMemoryMax; i++) memory.handleWon(targetOf(`n${i}`), "tcp", 0);
  deepEqual(memory.plan(targetOf("n0"), 1).order, ["quic", "tcp"]);
  deepEqual(memory.plan(targetOf("n1"), 1).order, ["tcp", "quic"]);
});
