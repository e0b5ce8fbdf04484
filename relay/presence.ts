/** What a shard tells the cloud about its links: logins, logouts, refusals, a digest. Source: protocol.md section 6. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { NodeStateSchema, PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import type { RelayName } from "#proto/ids.ts";
import type { Clock } from "#proto/ports.ts";
import { nodeSubject, presenceSubject } from "#proto/subjects.ts";
import { linksPerDigestMax } from "./limits.ts";
import type { LiveSession, SessionEnd } from "./live_session.ts";
import type { NodeState } from "./node_board.ts";
import type { Backbone } from "./ports.ts";
import type { RefusedLogin } from "./refusals.ts";
import type { Session } from "./session.ts";

/** Who speaks, and through what. */
export interface Announcer {
  readonly relay: RelayName;
  readonly shard: number;
  readonly clock: Pick<Clock, "wallNs">;
  readonly backbone: Pick<Backbone, "announce">;
}

/** A vehicle logged in. */
export function announceLogin(by: Announcer, session: Session): void {
  const { vehicle, id, agentVersion, peer, notAfterMs } = session;
  const certificateNotAfterMs = BigInt(notAfterMs);
  const value = { vehicleId: vehicle, session: id, agentVersion, remoteAddress: peer, certificateNotAfterMs };
  announce(by, { case: "up", value: { ...value, atNs: by.clock.wallNs() } });
}

/** A session ended. */
export function announceEnd(by: Announcer, ended: { session: Session; end: SessionEnd }): void {
  const { vehicle, id } = ended.session;
  const { code, detail } = ended.end;
  const down = { vehicleId: vehicle, session: id, atNs: by.clock.wallNs(), code: code ?? "", detail };
  announce(by, { case: "down", value: down });
}

/** Two links of one vehicle live, and neither goes on from the other. */
export function announceDuplicate(by: Announcer, twins: { session: Session; other: Uint8Array }): void {
  const { vehicle, id } = twins.session;
  const duplicate = { vehicleId: vehicle, session: id, otherSession: twins.other, atNs: by.clock.wallNs() };
  announce(by, { case: "duplicate", value: duplicate });
}

/** Whether this shard takes vehicles. A shared name takes none. */
export function announceNode(by: Announcer, state: NodeState): void {
  by.backbone.announce(nodeSubject(by.relay, by.shard), toBinary(NodeStateSchema, create(NodeStateSchema, state)));
}

/** A login was refused. */
export function announceRefused(by: Announcer, refused: RefusedLogin): void {
  const { claimed, code, detail } = refused;
  announce(by, { case: "refused", value: { claimedVehicleId: claimed ?? "", atNs: by.clock.wallNs(), code, detail } });
}

/** All links of the shard, in as many messages as it takes, at least one: a silent shard counts as lost. */
export function announceDigest(by: Announcer, sessions: Iterable<LiveSession>): void {
  const links = Array.from(sessions, linkOf);
  const atNs = by.clock.wallNs();
  for (let at = 0; at === 0 || at < links.length; at += linksPerDigestMax) {
    announce(by, { case: "digest", value: { links: links.slice(at, at + linksPerDigestMax), atNs } });
  }
}

function linkOf({ session, heartbeat }: LiveSession) {
  return {
    vehicleId: session.vehicle,
    session: session.id,
    rttUs: Math.round((heartbeat.rttMs ?? 0) * 1000),
    clockOffsetNs: heartbeat.clockOffsetNs ?? 0n,
    frames: BigInt(session.records),
    lastBatchAtNs: session.lastBatchAtNs,
  };
}

function announce(by: Announcer, event: MessageInitShape<typeof PresenceSchema>["event"]): void {
  const bytes = toBinary(PresenceSchema, create(PresenceSchema, { event }));
  by.backbone.announce(presenceSubject(by.relay, by.shard), bytes);
}
