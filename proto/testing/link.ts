/** Links in memory, and a network of them with faults, in virtual time. */
import type { Clock, Dialer, Link, Listener, Random } from "../ports.ts";

/** What the network does to bytes. Everything may be changed while links are open. */
export interface NetworkConditions {
  /** One way, drawn anew per piece; the order within a lane stays. */
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

/** One link without dialling. */
export function linkPair(_options: VirtualNetworkOptions): LinkPair {
  throw new Error("to be written");
}

/** Relays listen on it by node name and port, vehicles dial them. */
export class VirtualNetwork {
  readonly conditions: NetworkConditions;

  constructor(_options: VirtualNetworkOptions) {
    throw new Error("to be written");
  }

  /** Listens under a node name; port 0 takes a free one. */
  listen(_at: { node: string; port: number }): Listener {
    throw new Error("to be written");
  }

  /** Dials by `target.node` and port; `target.host` and `trust` are not looked at. */
  dialer(): Dialer {
    throw new Error("to be written");
  }

  /** Whether dials get through; open links are not touched. */
  set reachable(_value: boolean) {
    throw new Error("to be written");
  }

  /** Cuts all open links. */
  cut(): void {
    throw new Error("to be written");
  }
}
