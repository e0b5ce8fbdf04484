/**
 * A UDP proxy that stands for the network between vehicles and a relay: each direction is a {@link UdpPath} that can be
 * changed while datagrams flow, and it can give its clients new ports, as a NAT does that has forgotten them.
 *
 *     const proxy = startUdpProxy({ target: { hostname: "127.0.0.1", port: 4433 }, random: seededRandom(1) });
 *     proxy.up.change({ loss: 0.1, delayMs: 40 });
 *     proxy.rebind();
 *     await proxy.close();
 */
import type { Random } from "#proto/ports.ts";
import { Arrivals } from "./arrivals.ts";
import { datagramBytesMax, proxyClientsMax, proxyWaitingMax } from "./limits.ts";
import { type PathConditions, UdpPath } from "./udp_path.ts";

/** Where the proxy stands and what it does at first. */
export interface UdpProxyOptions {
  /** The relay. */
  readonly target: { readonly hostname: string; readonly port: number };
  readonly random: Pick<Random, "fraction">;
  /** Where clients send to; a free port by default. */
  readonly port?: number;
  /** Conditions of both directions; none by default. */
  readonly conditions?: Partial<PathConditions>;
}

/** A running proxy. */
export interface UdpProxy {
  /** Where clients send to. */
  readonly port: number;
  /** From clients to the target. */
  readonly up: UdpPath;
  /** From the target to clients. */
  readonly down: UdpPath;
  /** Ports under which the target sees the clients now. */
  sourcePorts(): number[];
  /** Changes both directions. */
  change(conditions: Partial<PathConditions>): void;
  /** Gives every client a new port towards the target. What is under way to the old one is lost. */
  rebind(): void;
  close(): Promise<void>;
}

/** One client, and the socket that stands for it at the target. */
interface Client {
  readonly address: Deno.NetAddr;
  outside: Deno.DatagramConn;
}

/** Starts it on loopback. */
export function startUdpProxy(options: UdpProxyOptions): UdpProxy {
  return new Proxy(options);
}

class Proxy implements UdpProxy {
  readonly up: UdpPath;
  readonly down: UdpPath;
  readonly #target: Deno.NetAddr;
  readonly #inside: Deno.DatagramConn;
  /** By address, the one that was silent for longest first. */
  readonly #clients = new Map<string, Client>();
  readonly #toTarget: Direction;
  readonly #toClients: Direction;
  readonly #reading = new Set<Promise<void>>();

  constructor({ target, random, port = 0, conditions }: UdpProxyOptions) {
    this.up = new UdpPath(random, conditions);
    this.down = new UdpPath(random, conditions);
    this.#toTarget = new Direction(this.up);
    this.#toClients = new Direction(this.down);
    this.#target = { ...target, transport: "udp" };
    this.#inside = openSocket(port);
    this.#read(this.#inside, (bytes, from) => this.#handleFromClient(bytes, from));
  }

  get port(): number {
    return portOf(this.#inside);
  }

  sourcePorts(): number[] {
    return [...this.#clients.values()].map(({ outside }) => portOf(outside));
  }

  change(conditions: Partial<PathConditions>): void {
    this.up.change(conditions);
    this.down.change(conditions);
  }

  rebind(): void {
    for (const client of this.#clients.values()) {
      const before = client.outside;
      // Opened before the old one is closed, so that it is another port.
      client.outside = this.#openOutside(client);
      before.close();
    }
  }

  async close(): Promise<void> {
    this.#toTarget.close();
    this.#toClients.close();
    this.#inside.close();
    for (const { outside } of this.#clients.values()) outside.close();
    this.#clients.clear();
    await Promise.all(this.#reading);
  }

  #handleFromClient(bytes: Uint8Array, from: Deno.NetAddr): void {
    const client = this.#clientAt(from);
    this.#toTarget.carry(bytes, (late) => client.outside.send(late, this.#target));
  }

  #clientAt(address: Deno.NetAddr): Client {
    const name = `${address.hostname}:${address.port}`;
    const client = this.#clients.get(name) ?? this.#admit(address);
    this.#clients.delete(name);
    this.#clients.set(name, client);
    return client;
  }

  #admit(address: Deno.NetAddr): Client {
    if (this.#clients.size >= proxyClientsMax) {
      const [[silent, { outside }]] = this.#clients;
      outside.close();
      this.#clients.delete(silent);
    }
    return { address, outside: this.#openOutside({ address }) };
  }

  #openOutside({ address }: Pick<Client, "address">): Deno.DatagramConn {
    const outside = openSocket(0);
    this.#read(outside, (bytes, from) => {
      if (from.port === this.#target.port) this.#toClients.carry(bytes, (late) => this.#inside.send(late, address));
    });
    return outside;
  }

  /** Reads until the socket is closed. */
  #read(socket: Deno.DatagramConn, handle: (bytes: Uint8Array, from: Deno.NetAddr) => void): void {
    const reading = readAll(socket, handle).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }
}

/** What is under way in one direction. */
class Direction {
  readonly #path: UdpPath;
  readonly #arrivals = new Arrivals<() => Promise<number>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(path: UdpPath) {
    this.#path = path;
  }

  carry(bytes: Uint8Array, deliver: (bytes: Uint8Array) => Promise<number>): void {
    const nowMs = performance.now();
    for (const atMs of this.#path.fateOf(bytes.byteLength, nowMs)) {
      if (this.#arrivals.count >= proxyWaitingMax) this.#path.counts.overflowed++;
      else this.#arrivals.send(() => deliver(bytes), atMs);
    }
    this.#deliver(nowMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #deliver(nowMs: number): void {
    for (const deliver of this.#arrivals.pollArrived(nowMs)) void this.#attempt(deliver);
    clearTimeout(this.#timer);
    const { nextMs } = this.#arrivals;
    if (nextMs === undefined) return;
    this.#timer = setTimeout(() => this.#deliver(performance.now()), nextMs - nowMs);
  }

  /** A socket that is closed or full loses its datagram, as everywhere. */
  async #attempt(deliver: () => Promise<number>): Promise<void> {
    try {
      await deliver();
    } catch {
      this.#path.counts.lost++;
    }
  }
}

function openSocket(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" });
}

function portOf(socket: Deno.DatagramConn): number {
  return (socket.addr as Deno.NetAddr).port;
}

async function readAll(
  socket: Deno.DatagramConn,
  handle: (bytes: Uint8Array, from: Deno.NetAddr) => void,
): Promise<void> {
  const buffer = new Uint8Array(datagramBytesMax);
  try {
    while (true) {
      const [bytes, from] = await socket.receive(buffer);
      handle(bytes.slice(), from as Deno.NetAddr);
    }
  } catch (error) {
    const isClosed = error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
    if (!isClosed) throw error;
  }
}
