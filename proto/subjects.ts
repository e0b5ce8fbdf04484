/** NATS subjects and the partition of a vehicle. Source: protocol.md section 6. */
import type { TelemetryLane } from "./class.ts";
import type { RelayName, VehicleId } from "./ids.ts";
import { partitionCount } from "./limits.ts";

/** The partition that a vehicle's telemetry and ledger belong to: FNV-1a (32 bit) of its id, modulo the count. */
export function partitionOf(vehicle: VehicleId): number {
  let hash = 0x811c9dc5;
  // Ids are ASCII by their pattern, so characters are bytes.
  for (let i = 0; i < vehicle.length; i++) hash = Math.imul(hash ^ vehicle.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % partitionCount;
}

/** JetStream stream that keeps {@link telemetrySubject}. */
export const telemetryStream = "TELEMETRY";
/** KV bucket of shape definitions by hash. */
export const shapeBucket = "shapes";

/** Bundles of batches and shapes. */
export function telemetrySubject(lane: TelemetryLane, partition: number): string {
  return `tel.v1.${lane}.${partition}`;
}

/** Requests to the partition's owner. */
export function ledgerSubject(partition: number): string {
  return `ledger.v1.${partition}`;
}

/** Requests to the partition's owner about what was kept aside. */
export function quarantineSubject(partition: number): string {
  return `quarantine.v1.${partition}`;
}

/** Verdicts for the sessions of one shard. */
export function ackSubject(relay: RelayName, shard: number): string {
  return `ack.v1.${relay}.${shard}`;
}

/** Owners of partitions, to every shard of every relay: that they work, and since when. */
export const ownerSubject = "owner.v1";

/** To every shard of every relay, without content that counts: there is a newer list of revoked certificates. */
export const revokedSubject = "revoked.v1";

/** Logins, logouts and digests of one shard. */
export function presenceSubject(relay: RelayName, shard: number): string {
  return `presence.v1.${relay}.${shard}`;
}

/** The same of all shards: each message ends with relay and shard. */
export const allPresenceSubject = "presence.v1.*.*";

/** Whether one shard takes vehicles, and how many it has. */
export function nodeSubject(relay: RelayName, shard: number): string {
  return `node.v1.${relay}.${shard}`;
}

/** The same of all shards: each message ends with relay and shard. */
export const allNodesSubject = "node.v1.*.*";

/** JetStream stream that keeps {@link sessionSubject}, as long as the log is kept. */
export const sessionStream = "SESSIONS";

/** The logins of all vehicles: each message ends with the vehicle's id and the session. */
export const allSessionsSubject = "session.v1.*.*";

/** The proof of one login. `session` in hex. */
export function sessionSubject(vehicle: VehicleId, session: string): string {
  return `session.v1.${vehicle}.${session}`;
}

/** Commands to a vehicle, and what the cloud has kept of its events: a Downward (command/v1). */
export function commandSubject(vehicle: VehicleId): string {
  return `cmd.v1.${vehicle}`;
}

/** Stops of a vehicle, and their release: a Downward. */
export function stopSubject(vehicle: VehicleId): string {
  return `stop.v1.${vehicle}`;
}

/** The same of all vehicles: each message ends with the vehicle's id. */
export const allCommandsSubject = "cmd.v1.*";
export const allStopsSubject = "stop.v1.*";

/** A vehicle's words on what became of its orders: a SignedEvent. */
export function eventSubject(vehicle: VehicleId): string {
  return `evt.v1.${vehicle}`;
}

/** The same of all vehicles: each message ends with the vehicle's id. */
export const allEventsSubject = "evt.v1.*";
