/** Links in memory, and a network of them with faults, in virtual time. */
import { ok } from "node:assert/strict";
import { type Lane, lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import type { Clock, Dialer, DialTarget, Link, LinkEnd, Listener, Random } from "../ports.ts";
import { LanePipe } from "./lane_pipe.ts";

/** What the network does to bytes. Everything may be changed while links are open. */
export interface NetworkConditions {
  /** One way, drawn anew per write; the order within a lane stays. */
  delayMs: { min: number; max: number };
  /** Per link and direction; undefined: without limit. */
  bytesPerSecond: number | undefined;
  /** Bytes per lane and direction in the transport before `write` waits. */
  windowBytes: number;
  /** Reads give at most so many bytes at a time: 1 cuts at every byte. */
  pieceBytesMax: number;
}

/** Two ends of one link. */
export interface LinkPair {
  readonly vehicle: Link;
  readonly relay: Link;
  /** Ends the link as a network does: both ends see `by: "network"`, bytes under way are gone. */
  cut(): void;
}

/** What links in memory need. */
export interface VirtualNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly conditions?: Partial<NetworkConditions>;
}

interface Wires {
  readonly clock: Clock;
  readonly random: Random;
  readonly conditions: NetworkConditions;
}

/** One link without dialling. */
export function linkPair(options: VirtualNetworkOptions): LinkPair {
  return pairOver({ ...options, conditions: conditionsOf(options.conditions) });
}

/** Relays listen on it by node name and port, vehicles dial them. */
export class VirtualNetwork {
  readonly conditions: NetworkConditions;
  /** Whether dials get through; open links are not touched. */
  reachable = true;
  readonly #wires: Wires;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #open = new Set<LinkPair>();

  constructor(options: VirtualNetworkOptions) {
    this.conditions = conditionsOf(options.conditions);
    this.#wires = { ...options, conditions: this.conditions };
  }

  /** Listens under a node name; port 0 takes a free one. */
  listen(at: { node: string; port: number }): Listener {
    const port = at.port === 0 ? 1 + this.#listeners.size : at.port;
    const name = `${at.node}:${port}`;
    ok(!this.#listeners.has(name), `${name} is free`);
    const listener = new MemoryListener(port, () => this.#listeners.delete(name));
    this.#listeners.set(name, listener);
    return listener;
  }

  /** Dials by `target.node` and port; `target.host` and `trust` are not looked at. */
  dialer(): Dialer {
    return { dial: (target, signal) => this.#dial(target, signal) };
  }

  /** Cuts all open links. */
  cut(): void {
    for (const pair of this.#open) pair.cut();
  }

  async #dial(target: DialTarget, signal: AbortSignal): Promise<Link> {
    const name = `${target.node}:${target.port}`;
    const { min, max } = this.conditions.delayMs;
    // A handshake takes a round trip, there or in vain.
    if (max > 0 && !signal.aborted) await this.#wires.clock.after(min + max, signal).catch(() => signal.reason);
    const listener = this.#listeners.get(name);
    if (signal.aborted || !this.reachable || listener === undefined) {
      throw new Fault("link_dead", `Cannot dial "${name}": no answer`, { cause: signal.reason });
    }
    const pair = pairOver(this.#wires);
    this.#open.add(pair);
    pair.vehicle.ended.then(() => this.#open.delete(pair));
    listener.offer(pair.relay);
    return pair.vehicle;
  }
}

/** Incoming links, in order, until closed. */
class MemoryListener implements Listener {
  readonly port: number;
  readonly #links: Link[] = [];
  readonly #open = new Set<Link>();
  readonly #handleClose: () => void;
  #closed = false;
  #wake = () => {};

  constructor(port: number, handleClose: () => void) {
    this.port = port;
    this.#handleClose = handleClose;
  }

  offer(link: Link): void {
    this.#open.add(link);
    void link.ended.then(() => this.#open.delete(link));
    this.#links.push(link);
    this.#wake();
  }

  async *accept(): AsyncIterable<Link> {
    while (!this.#closed) {
      const link = this.#links.shift();
      if (link !== undefined) yield link;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#handleClose();
    this.#wake();
    for (const link of this.#open) link.close({ code: 0, reason: "" });
    return Promise.resolve();
  }
}

/** One end of a link in memory. */
class MemoryLink implements Link {
  readonly peer: string;
  readonly transport = "memory";
  readonly ended: Promise<LinkEnd>;
  readonly #out: ReadonlyMap<Lane, LanePipe>;
  readonly #in: ReadonlyMap<Lane, LanePipe>;
  readonly #tellPeer: (end: { code: number; reason: string }) => void;
  #settle: (end: LinkEnd) => void = () => {};
  #over = false;

  constructor(options: {
    peer: string;
    out: ReadonlyMap<Lane, LanePipe>;
    in: ReadonlyMap<Lane, LanePipe>;
    tellPeer: (end: { code: number; reason: string }) => void;
  }) {
    this.peer = options.peer;
    this.#out = options.out;
    this.#in = options.in;
    this.#tellPeer = options.tellPeer;
    this.ended = new Promise((resolve) => this.#settle = resolve);
  }

  write(lane: Lane, bytes: Uint8Array): Promise<void> {
    const pipe = this.#out.get(lane);
    ok(pipe !== undefined, `lane "${lane}" can be written from this end`);
    return pipe.write(bytes);
  }

  read(lane: Lane, into: Uint8Array): Promise<{ bytes: Uint8Array } | undefined> {
    const pipe = this.#in.get(lane);
    ok(pipe !== undefined, `lane "${lane}" can be read from this end`);
    return pipe.read(into);
  }

  close(end: { code: number; reason: string }): void {
    if (this.#over) return;
    this.end({ ...end, by: "self" });
    this.#tellPeer(end);
  }

  /** Ends this side; what has arrived can still be read unless this side itself closed. */
  end(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    for (const pipe of this.#out.values()) pipe.endWriting();
    for (const pipe of this.#in.values()) pipe.endReading({ discard: end.by === "self" });
    this.#settle(end);
  }
}

function pairOver(wires: Wires): LinkPair {
  const toRelay = pipesOf(lanes, wires);
  const toVehicle = pipesOf(["control", "command"], wires);
  const vehicle: MemoryLink = new MemoryLink({
    peer: "memory:relay",
    out: toRelay.pipes,
    in: toVehicle.pipes,
    tellPeer: (end) => toRelay.carry(() => relay.end({ ...end, by: "peer" })),
  });
  const relay: MemoryLink = new MemoryLink({
    peer: "memory:vehicle",
    out: toVehicle.pipes,
    in: toRelay.pipes,
    tellPeer: (end) => toVehicle.carry(() => vehicle.end({ ...end, by: "peer" })),
  });
  const cut = () => {
    for (const pipe of [...toRelay.pipes.values(), ...toVehicle.pipes.values()]) pipe.cut();
    const end: LinkEnd = { code: 0, reason: "cut", by: "network" };
    vehicle.end(end);
    relay.end(end);
  };
  return { vehicle, relay, cut };
}

/** The lanes of one direction, and a way for the end of the link to travel behind everything written. */
function pipesOf(
  names: readonly Lane[],
  wires: Wires,
): { pipes: Map<Lane, LanePipe>; carry(arrive: () => void): void } {
  const wire = { freeAtMs: 0, lastDueMs: 0 };
  const dueMs = (bytes: number) => {
    const { delayMs, bytesPerSecond } = wires.conditions;
    const startMs = Math.max(wires.clock.uptimeMs(), wire.freeAtMs);
    wire.freeAtMs = bytesPerSecond === undefined ? startMs : startMs + (bytes / bytesPerSecond) * 1000;
    const due = wire.freeAtMs + delayMs.min + wires.random.fraction() * (delayMs.max - delayMs.min);
    wire.lastDueMs = Math.max(wire.lastDueMs, due);
    return due;
  };
  const pipes = new Map(names.map((name) => [name, new LanePipe({ ...wires, dueMs })]));
  const carry = (arrive: () => void) => {
    const waitMs = Math.max(dueMs(0), wire.lastDueMs) - wires.clock.uptimeMs();
    if (waitMs <= 0) arrive();
    else void wires.clock.after(waitMs).then(arrive);
  };
  return { pipes, carry };
}

function conditionsOf(some: Partial<NetworkConditions> = {}): NetworkConditions {
  return {
    delayMs: { min: 0, max: 0 },
    bytesPerSecond: undefined,
    windowBytes: 1024 * 1024,
    pieceBytesMax: Number.MAX_SAFE_INTEGER,
    ...some,
  };
}
