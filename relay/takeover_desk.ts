/**
 * What becomes of a vehicle's session here when the vehicle logs in again: on this shard, or, by the proof that is
 * published of each login, anywhere else. Source: protocol.md section 3, takeover.
 *
 *     another login of the vehicle -- older, or the same --> nothing
 *                                  |- newer             --> this session ends: superseded
 *                                  `- unrelated         --> is the link here alive? --> it ends as well;
 *                                                           if it was: duplicate identity, for people to see
 *
 * Of two that claim to be one vehicle the later login stays, for one of them may be a disk that was restored. A proof is
 * believed only when it verifies, and an unrelated one only when it is later than the login here: old ones can be said
 * again by whoever has heard them.
 */
import { asFault } from "#proto/errors.ts";
import type { SessionProof } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseEpoch, type VehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { type LoginOrder, loginOrder, type LoginRank } from "#proto/login_order.ts";
import { readSessionProof, verifySession } from "#proto/session_proof.ts";
import { TokenBucket } from "#proto/token_bucket.ts";
import type { VerifiedLogin } from "#proto/transcript.ts";
import { duplicateAnswerMs, proofBytesMax, proofRate } from "./limits.ts";
import type { LiveSession } from "./live_session.ts";
import type { Node } from "./node.ts";
import { announceDuplicate } from "./presence.ts";
import type { Registry } from "./registry.ts";

/** The login that takes a session's place. */
export interface Successor {
  readonly session: Uint8Array;
  /** For people: where it is. */
  readonly where: string;
}

/** The desk of one shard. */
export class TakeoverDesk {
  readonly #node: Node;
  readonly #registry: Registry<LiveSession>;
  readonly #proofs: TokenBucket;

  constructor(node: Node, registry: Registry<LiveSession>) {
    this.#node = node;
    this.#registry = registry;
    this.#proofs = new TokenBucket(proofRate, node.clock.uptimeMs());
  }

  /** Takes an encoded SessionProof of a login anywhere; most are of vehicles that are not here, and cost little. */
  handleProof(vehicle: string, bytes: Uint8Array): void {
    if (!vehicleIdPattern.test(vehicle)) return;
    const live = this.#registry.of(vehicle as VehicleId);
    if (live === undefined) return;
    const { clock, counters, log } = this.#node;
    if (bytes.byteLength > proofBytesMax || !this.#proofs.take(clock.uptimeMs())) {
      counters.proofsIgnored += 1;
      return;
    }
    try {
      const proof = readSessionProof(bytes);
      if (!isSame(proof.session, live.session.id)) this.#judge(live, proof);
    } catch (thrown) {
      counters.proofsRefused += 1;
      log.warn("A proof of a login does not hold", { vehicle, reason: asFault(thrown).message });
    }
  }

  /** Ends a session whose vehicle has logged in anew. */
  retire(live: LiveSession, { order, successor }: { order: LoginOrder; successor: Successor }): void {
    this.#node.counters.superseded += 1;
    if (order === "unrelated") void this.#retireIfAlive(live, successor);
    else live.finish(supersededBy(successor));
  }

  #judge(live: LiveSession, proof: SessionProof): void {
    const { checkChain, clock, counters, log } = this.#node;
    const nowMs = Number(clock.wallNs() / 1_000_000n);
    const verdict = verifySession(proof, { checkChain, nowMs });
    const against = verdict.ok ? this.#reasonAgainst(verdict, live) : verdict.detail;
    if (!verdict.ok || against !== undefined) {
      counters.proofsRefused += 1;
      log.warn("A proof of a login does not hold", { vehicle: live.vehicle, relay: proof.relay, reason: against });
      return;
    }
    const order = loginOrder(rankOf(verdict), live.session);
    const isLater = order === "newer" ||
      (order === "unrelated" && verdict.challenge.relayTimeNs > live.session.challengedAtNs);
    if (!isLater) return;
    this.#registry.leave(live);
    this.retire(live, { order, successor: { session: proof.session, where: `node "${verdict.challenge.node}"` } });
  }

  #reasonAgainst(verdict: VerifiedLogin, { vehicle }: LiveSession): string | undefined {
    if (verdict.vehicle !== vehicle) return `It is of vehicle "${verdict.vehicle}"`;
    return this.#node.revocation.reasonAgainstSession(verdict)?.detail;
  }

  /** The one that was here first is asked whether it lives: then there are two. */
  async #retireIfAlive(live: LiveSession, successor: Successor): Promise<void> {
    const { clock, counters, leaving, log } = this.#node;
    const heardBefore = live.heardCount;
    live.ask();
    // A node that drains asks nobody: all its links end now.
    await clock.after(duplicateAnswerMs, AbortSignal.any([live.over, leaving])).catch(() => undefined);
    if (!live.over.aborted && live.heardCount > heardBefore) {
      counters.duplicates += 1;
      announceDuplicate(this.#node, { session: live.session, other: successor.session });
      log.error("Duplicate identity: two links of one vehicle whose disks are unrelated", {
        vehicle: live.vehicle,
        peer: live.session.peer,
        other: successor.where,
      });
    }
    live.finish(supersededBy(successor));
  }
}

/** What a login says of its place among the logins of its vehicle. */
export function rankOf({ hello, fields }: Pick<VerifiedLogin, "hello" | "fields">): LoginRank {
  return {
    boot: hello.boot.toHex(),
    linkCounter: fields.linkCounter,
    epoch: parseEpoch(hello.epoch),
    ancestors: hello.ancestors.map(parseEpoch),
  };
}

function supersededBy({ where }: Successor) {
  return { code: "superseded", detail: `A newer session of this vehicle took over at ${where}` } as const;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.toHex() === b.toHex();
}
