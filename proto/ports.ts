/**
 * The ports through which pure code reaches the world. Each has a real implementation in an `io/` folder and a virtual
 * one in `proto/testing/`, and one suite that both pass.
 */
import type { Lane } from "./class.ts";

/** Time, as three different things that must not be mixed. */
export interface Clock {
  /** Nanoseconds since 1970, UTC; may step when the machine's clock is set. */
  wallNs(): bigint;
  /** Milliseconds of CLOCK_BOOTTIME with fractions: never steps, counts suspend. */
  uptimeMs(): number;
  /** Resolves after that many milliseconds, or rejects with the signal's reason. */
  after(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Chance. */
export interface Random {
  /** Fresh random bytes, fit for keys. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** Values beside a log line; never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | undefined>>;

/** Structured log of one part of a program. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * One directory of a disk, held exclusively. All names are plain file names in it. Errors are Faults `disk_failed`, and
 * `disk_full` where there is no space left.
 */
export interface Disk {
  /** Names of the files, in no order. */
  list(): Promise<string[]>;
  /** Opens for reading and writing; without `create` the file must exist, with it it must not. */
  open(name: string, options?: { create?: boolean }): Promise<DiskFile>;
  remove(name: string): Promise<void>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Makes creations, renames and removals durable. */
  syncDirectory(): Promise<void>;
  /** Gives the directory free for another process. */
  release(): Promise<void>;
}

/** One open file. */
export interface DiskFile {
  /** Length in bytes. */
  size(): Promise<number>;
  /** Fills `into` from `offset`; returns how many bytes there were. */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Writes all bytes at `offset`, or fails. Durable only after {@link sync}. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** fdatasync. After a failure the bytes written since the last success may be gone: never retried on this file. */
  sync(): Promise<void>;
  /** Reserves space so that later writes below `size` do not meet a full disk; the size itself grows. */
  allocate(size: number): Promise<void>;
  /** Gives back the space from `size` on; `size` is at most the present one. */
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Why a link ended. */
export interface LinkEnd {
  /** Close code of the peer or of this side; 0 for good order. */
  readonly code: number;
  readonly reason: string;
  readonly by: "peer" | "self" | "network";
}

/** What a link runs on. */
export type Transport = "quic" | "tcp" | "memory";

/** One connection vehicle - relay with its four ordered lanes, before and after login. Bytes only, no meaning. */
export interface Link {
  /** Address of the peer, for people. */
  readonly peer: string;
  readonly transport: Transport;
  /**
   * Queues bytes on a lane and resolves once the transport took them (back-pressure). Calls on one lane keep their
   * order; higher lanes overtake lower ones. Rejects with `link_dead` after the end. Bytes must not change afterwards.
   */
  write(lane: Lane, bytes: Uint8Array): Promise<void>;
  /**
   * Reads what has come on a lane: between 1 and `into.byteLength` bytes, or undefined at its end and the link's. One
   * read at a time per lane. Not reading holds the peer back. `into` is given away and may be detached: the bytes lie at
   * the beginning of their buffer, which is as long as `into` was and may serve the next read.
   */
  read(lane: Lane, into: Uint8Array): Promise<{ bytes: Uint8Array } | undefined>;
  /** Ends the link; what was written before still goes out while the peer takes it at once. */
  close(end: { code: number; reason: string }): void;
  /** Settles once, whoever ended the link. Never rejects. */
  readonly ended: Promise<LinkEnd>;
}

/** Where to dial, and what must answer there. */
export interface DialTarget {
  /** Host name or address to connect to. */
  readonly host: string;
  readonly port: number;
  /** Name that the TLS certificate must carry: the node's name. */
  readonly node: string;
  /** PEM certificates that the relay's certificate must descend from; nothing else is trusted. */
  readonly trust: readonly string[];
  /** For a dialer that knows several ways: the best one alone, or all with hardly a head start. In turn by default. */
  readonly manner?: "best_only" | "hasty";
}

/** The vehicle's end of a transport. */
export interface Dialer {
  /** Opens a link; rejects with `link_dead` (cause kept) when it cannot or the signal fires. */
  dial(target: DialTarget, signal: AbortSignal): Promise<Link>;
}

/** The relay's end of a transport. */
export interface Listener {
  /** Port that is listened on. */
  readonly port: number;
  /** Links as they come in; ends after {@link close}. Nobody is let in before it is asked for. */
  accept(): AsyncIterable<Link>;
  /** Lets nobody in any more and ends all links that came in, in good order; resolves when they have ended. */
  close(): Promise<void>;
}

/** Where an issuer's list of revoked certificates is. */
export interface CrlSource {
  /** Gives the list (DER) as it is now. Faults: `unavailable`, `too_large`. Stops when the signal fires. */
  fetch(signal: AbortSignal): Promise<Uint8Array>;
}
