/** A board of links on a virtual clock, and a shard that tells it what a test says. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { LinkBoard, type PastNews } from "../link_board.ts";

/** The vehicle that most tests are about. */
export const drone = parseVehicleId("drone-001");

const where = { relay: "relay-1", shard: 0 };
const dayMs = 86_400_000;

/** What a shard says. */
export type Event = MessageInitShape<typeof PresenceSchema>["event"];

/** The id of a session, by a number. */
export function sessionOf(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

/** See the head of this file. */
export class BoardStage {
  readonly clock = new VirtualClock();
  readonly news: PastNews[] = [];
  /** Vehicles that count as registered. */
  readonly registered = new Set<VehicleId>();
  readonly board = new LinkBoard({
    isRegistered: (vehicle) => this.isRegistered(vehicle),
    onPast: (news) => this.news.push(news),
  });

  get wallNs(): bigint {
    return this.clock.wallNs();
  }

  isRegistered(vehicle: VehicleId): boolean {
    return this.registered.has(vehicle);
  }

  /** Nobody is in a group. */
  typeOf(vehicle: VehicleId): string | undefined {
    return this.isRegistered(vehicle) ? "fixed-wing" : undefined;
  }

  inGroup(group: string): readonly VehicleId[] {
    return [...this.registered].filter((vehicle) => this.groupsOf(vehicle).includes(group));
  }

  groupsOf(_vehicle: VehicleId): readonly string[] {
    return [];
  }

  hear(event: Event, from = where): void {
    const bytes = toBinary(PresenceSchema, create(PresenceSchema, { event }));
    this.board.handlePresence(from, bytes, instantOf(this.clock));
  }

  up(vehicle: string = drone, session = 1): void {
    const certificateNotAfterMs = this.wallNs / 1_000_000n + BigInt(20 * dayMs);
    const about = { vehicleId: vehicle, session: sessionOf(session), atNs: this.wallNs, certificateNotAfterMs };
    this.hear({ case: "up", value: { ...about, agentVersion: "1.2.3", remoteAddress: "192.0.2.1:9" } });
  }

  down(code = "link_dead", { vehicle = drone as string, session = 1 } = {}): void {
    const about = { vehicleId: vehicle, session: sessionOf(session), atNs: this.wallNs };
    this.hear({ case: "down", value: { ...about, code, detail: `it was ${code}` } });
  }

  refuse(code = "certificate_expired", vehicle: string = drone): void {
    this.hear({ case: "refused", value: { claimedVehicleId: vehicle, atNs: this.wallNs, code, detail: "no" } });
  }

  /** A digest of one link; `quietMs` since its last data, null when none has come. */
  digest(
    { vehicle = drone as string, session = 1, quietMs = 100 as number | null, rttMs = 20, offMs = 5 } = {},
    from = where,
  ): void {
    const lastBatchAtNs = quietMs === null ? 0n : this.wallNs - BigInt(quietMs) * 1_000_000n;
    const clockOffsetNs = BigInt(offMs) * 1_000_000n;
    const link = { vehicleId: vehicle, session: sessionOf(session), rttUs: rttMs * 1000, clockOffsetNs, frames: 7n };
    this.hear({ case: "digest", value: { links: [{ ...link, lastBatchAtNs }], atNs: this.wallNs } }, from);
  }
}
