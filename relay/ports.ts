/**
 * What the relay needs of the world behind it: the log, the ledger's owners, the store of shapes, and ears for what
 * the cloud says. Implemented over NATS in io/backbone.ts and in memory in testing/. Source: protocol.md section 6.
 */
import type { TelemetryLane } from "#proto/class.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { ShapeHash } from "#proto/shape.ts";

/** One bundle for the log. */
export interface LogMessage {
  /** Rises with every message of this start of the shard; repeats keep it, so the log recognises them. */
  readonly number: number;
  readonly lane: TelemetryLane;
  readonly partition: number;
  /** Encoded bundle; must not change any more. */
  readonly bytes: Uint8Array;
}

/** What comes back from behind, each called whenever it happens. */
export interface BackboneEars {
  /** The log holds the message of that number at that place. May come late, or more than once. */
  placed(number: number, place: number): void;
  /** The log does not take the message; the caller repeats it in its own time. */
  refused(number: number, detail: string): void;
  /** A VerdictNotice (log/v1/ledger.proto), not decoded. */
  verdicts(notice: Uint8Array): void;
  /** An OwnerNotice (log/v1/ledger.proto), not decoded. */
  owner(notice: Uint8Array): void;
  /** A vehicle logged in somewhere, perhaps here: its SessionProof (log/v1/presence.proto), not decoded. */
  login(vehicle: string, proof: Uint8Array): void;
  /** A shard, perhaps this one, tells of its node: a NodeState (log/v1/presence.proto), not decoded. */
  node(who: { relay: string; shard: string }, state: Uint8Array): void;
  /** The cloud has an order for a vehicle, perhaps one that is linked here: a Downward (command/v1), not decoded. */
  order(vehicle: string, order: { readonly bytes: Uint8Array; readonly isStop: boolean }): void;
  /** Someone says that certificates were revoked; what it says beyond that is not looked at. */
  revoked(): void;
}

/** The log. */
export interface TelemetryLog {
  /** Hands a message over without waiting. False: not taken, for want of a connection or of room in it. */
  publish(message: LogMessage): boolean;
}

/** Definitions of shapes by hash, shared by the whole fleet. Faults: `unavailable`, `deadline`. */
export interface ShapeStore {
  read(hash: ShapeHash): Promise<Uint8Array | undefined>;
  keep(hash: ShapeHash, definition: Uint8Array): Promise<void>;
}

/** Proofs of sessions, kept as long as the log, for those who read the log. Faults: `unavailable`, `deadline`. */
export interface ProofStore {
  /** `session` in hex; `proof` is an encoded SessionProof (log/v1/presence.proto). */
  keep(of: { vehicle: VehicleId; session: string }, proof: Uint8Array): Promise<void>;
}

/** The rest of the backbone. */
export interface Backbone {
  readonly log: TelemetryLog;
  readonly shapes: ShapeStore;
  readonly proofs: ProofStore;
  /** From now on the ears hear; called once. */
  listen(ears: BackboneEars): void;
  /** Asks the owner of a partition with an encoded LedgerRequest; returns an encoded LedgerAnswer, or a Fault. */
  askLedger(partition: number, request: Uint8Array): Promise<Uint8Array>;
  /** Publishes without any promise that it arrives: presence. */
  announce(subject: string, bytes: Uint8Array): void;
  /** Resolves when the log itself has answered; a Fault otherwise. */
  probe(): Promise<void>;
}
