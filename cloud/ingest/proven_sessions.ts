/**
 * Which relay carries which session, as their proofs say. What a relay brings under a session that is not proven to be
 * its own is not taken, so that no relay can speak for another's vehicles. Nothing is lost by that: it gets no verdict, so
 * the vehicle keeps it and sends it again.
 *
 *     header -- seen before --> as it was
 *            `- unknown -> the kept proof -- holds, and names this relay --> proven
 *                               `- is not there, or does not ------------> not proven, for a second
 */
import { asFault } from "#proto/errors.ts";
import type { RelayName, VehicleId } from "#proto/ids.ts";
import { readSessionProof, verifySession } from "#proto/session_proof.ts";
import { provenSessionsMax, unprovenMs } from "./limits.ts";
import type { IngestPorts, ProofCheck } from "./ports.ts";
import type { StoreWriter } from "./store_writer.ts";

/** Who says that a vehicle's session is theirs. */
export interface Claim {
  readonly vehicle: VehicleId;
  readonly relay: RelayName;
  readonly shard: number;
  readonly session: Uint8Array;
}

/** What it stands on: the proofs, and the patience to ask for them while the log is away. */
export interface ProvenSessionsParts extends Pick<IngestPorts, "proofs" | "clock" | "log"> {
  readonly writer: Pick<StoreWriter, "untilItAnswers">;
}

/** See the head of this file. The longest unused are forgotten first. */
export class ProvenSessions {
  readonly #parts: ProvenSessionsParts;
  /** Carriers by vehicle and session. */
  readonly #carriers = new Map<string, string>();
  /** Claims that did not hold, with the uptime in ms until which they are not looked at again. */
  readonly #refused = new Map<string, number>();

  constructor(parts: ProvenSessionsParts) {
    this.#parts = parts;
  }

  /** Whether a claim holds. Waits for the log as long as it takes. */
  async holds(claim: Claim): Promise<boolean> {
    if (this.#parts.proofs === undefined) return true;
    const [session, carrier] = [`${claim.vehicle}/${claim.session.toHex()}`, carrierOf(claim)];
    if (this.#carriers.get(session) === carrier) {
      remember(this.#carriers, session, carrier);
      return true;
    }
    const refusal = `${session}/${carrier}`;
    const nowMs = this.#parts.clock.uptimeMs();
    if (nowMs < (this.#refused.get(refusal) ?? 0)) return false;
    const reason = await this.#reasonAgainst(claim, this.#parts.proofs);
    if (reason === undefined) {
      remember(this.#carriers, session, carrier);
      return true;
    }
    remember(this.#refused, refusal, nowMs + unprovenMs);
    const { vehicle, relay, shard } = claim;
    this.#parts.log.warn("What a relay brings of a vehicle is not taken", { vehicle, relay, shard, reason });
    return false;
  }

  async #reasonAgainst(claim: Claim, { find, checkChain }: ProofCheck): Promise<string | undefined> {
    const { writer } = this.#parts;
    const of = { vehicle: claim.vehicle, session: claim.session.toHex() };
    const bytes = await writer.untilItAnswers("look up the proof of a session", () => find(of));
    if (bytes === undefined) return "its session has no proof";
    try {
      const verdict = verifySession(readSessionProof(bytes), { checkChain });
      if (!verdict.ok) return verdict.detail;
      const isSame = verdict.vehicle === claim.vehicle && verdict.session.toHex() === of.session;
      if (!isSame) return "the proof is of another session";
      return carrierOf(verdict) === carrierOf(claim) ? undefined : `the session is carried by "${verdict.relay}"`;
    } catch (thrown) {
      return asFault(thrown).message;
    }
  }
}

function carrierOf({ relay, shard }: Pick<Claim, "relay" | "shard">): string {
  return `${relay}/${shard}`;
}

/** Adds, or marks as used. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= provenSessionsMax) return;
  for (const longestUnused of map.keys()) {
    map.delete(longestUnused);
    return;
  }
}
