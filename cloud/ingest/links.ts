/**
 * What relays tell of the links of vehicles: the agent's version at login, and every few seconds the offset of its clock.
 * Kept for the newest session of each vehicle, bounded; an epoch that came through that session gets it as evidence.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { LinkEvidence } from "../lib/store/ledger_entry.ts";
import { agentVersionLengthMax, clockOffsetStepNs } from "./limits.ts";

/** One link, as one message of a relay tells of it. */
export interface LinkReport {
  readonly vehicle: VehicleId;
  /** Hex. */
  readonly session: string;
  readonly agentVersion?: string;
  /** Nanoseconds that the vehicle's wall clock is ahead of the relay's. */
  readonly clockOffsetNs?: bigint;
}

/** Reads a message of `presence.v1.<relay>.<shard>`: logins and digests. Throws on anything else. */
export function linkReportsOf(bytes: Uint8Array): LinkReport[] {
  const { event } = fromBinary(PresenceSchema, bytes);
  switch (event.case) {
    case "up": {
      const { vehicleId, session, agentVersion } = event.value;
      const vehicle = parseVehicleId(vehicleId);
      return [{ vehicle, session: session.toHex(), agentVersion: agentVersion.slice(0, agentVersionLengthMax) }];
    }
    case "digest":
      // A link without a round trip has no offset yet.
      return event.value.links.filter(({ rttUs }) => rttUs > 0).map(({ vehicleId, session, clockOffsetNs }) => ({
        vehicle: parseVehicleId(vehicleId),
        session: session.toHex(),
        clockOffsetNs,
      }));
    default:
      return [];
  }
}

/** See the head of this file. */
export class Links {
  readonly #links = new Map<VehicleId, { session: string; evidence: LinkEvidence }>();
  readonly #vehiclesMax: number;

  constructor(vehiclesMax: number) {
    this.#vehiclesMax = vehiclesMax;
  }

  /** Takes a report; returns the evidence when it is worth writing down: something new, or an offset that moved. */
  take({ vehicle, session, agentVersion, clockOffsetNs }: LinkReport, nowNs: bigint): LinkEvidence | undefined {
    const before = this.of(vehicle, session);
    const measured = before?.clockOffset;
    const moved = clockOffsetNs !== undefined && (measured === undefined || differs(clockOffsetNs, measured.lastNs));
    if (before !== undefined && !moved && (agentVersion ?? before.agentVersion) === before.agentVersion) {
      return undefined;
    }
    const evidence: LinkEvidence = {
      agentVersion: agentVersion ?? before?.agentVersion ?? "",
      clockOffset: moved
        ? { firstNs: measured?.firstNs ?? clockOffsetNs, lastNs: clockOffsetNs, lastAtNs: nowNs }
        : measured,
    };
    this.#links.delete(vehicle);
    this.#links.set(vehicle, { session, evidence });
    this.#forgetOldest();
    return evidence;
  }

  /** What is known of a vehicle's session, when it is the newest. */
  of(vehicle: VehicleId, session: string): LinkEvidence | undefined {
    const link = this.#links.get(vehicle);
    return link?.session === session ? link.evidence : undefined;
  }

  #forgetOldest(): void {
    if (this.#links.size <= this.#vehiclesMax) return;
    for (const oldest of this.#links.keys()) {
      this.#links.delete(oldest);
      return;
    }
  }
}

function differs(a: bigint, b: bigint): boolean {
  const by = a - b;
  return by >= clockOffsetStepNs || -by >= clockOffsetStepNs;
}
