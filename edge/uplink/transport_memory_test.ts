import { deepEqual } from "node:assert/strict";
import type { DialTarget } from "#proto/ports.ts";
import { hastyStaggerMs, raceStaggerMs, transportMemoryMax, transportMemoryMs } from "../limits.ts";
import { TransportMemory, type Way } from "./transport_memory.ts";

function wayTo(host: string, { manner, network = "home" }: Partial<DialTarget & Way> = {}): Way {
  return { network, target: { host, port: 443, node: host, trust: [], manner } };
}

Deno.test("QUIC is first, but for a while not where TCP was what worked", () => {
  const memory = new TransportMemory();
  const order = (way: Way, nowMs: number) => memory.plan(way, nowMs).order;
  const a = wayTo("a");
  deepEqual(order(a, 0), ["quic", "tcp"]);
  memory.handleWon(a, { transport: "tcp", nowMs: 0 });
  deepEqual(order(a, transportMemoryMs - 1), ["tcp", "quic"]);
  deepEqual(order(wayTo("b"), 0), ["quic", "tcp"]);
  deepEqual(order(wayTo("a", { network: "another" }), 0), ["quic", "tcp"]);
  deepEqual(order(a, transportMemoryMs), ["quic", "tcp"]);
  memory.handleWon(a, { transport: "tcp", nowMs: 0 });
  memory.handleWon(a, { transport: "quic", nowMs: 1 });
  deepEqual(order(a, 2), ["quic", "tcp"]);
});

Deno.test("the best way alone is QUIC, whatever worked, and in haste the other one follows at once", () => {
  const memory = new TransportMemory();
  memory.handleWon(wayTo("a"), { transport: "tcp", nowMs: 0 });
  deepEqual(memory.plan(wayTo("a", { manner: "best_only" }), 1).order, ["quic"]);
  deepEqual(memory.plan(wayTo("a", { manner: "hasty" }), 1).staggerMs, hastyStaggerMs);
  deepEqual(memory.plan(wayTo("a"), 1).staggerMs, raceStaggerMs);
});

Deno.test("no more ways are remembered than may be", () => {
  const memory = new TransportMemory();
  for (let i = 0; i <= transportMemoryMax; i++) memory.handleWon(wayTo(`n${i}`), { transport: "tcp", nowMs: 0 });
  deepEqual(memory.plan(wayTo("n0"), 1).order, ["quic", "tcp"]);
  deepEqual(memory.plan(wayTo("n1"), 1).order, ["tcp", "quic"]);
});
