/** What one shard counts since its start. Plain numbers: adding to one must cost nothing on the way of a frame. */
import type { Refusal } from "./admission.ts";
import type { RevocationReason } from "./revocation.ts";

/** The counts. Only the parts they belong to write them; metrics.ts reads them. */
export interface Counters {
  /** Links turned away at the door, by bound, and those that lost their place there to others. */
  turnedAway: Record<Refusal | "displaced", number>;
  /** Attempts to connect that came to nothing: broken off, too many at once, or above their rate. */
  failedHandshakes: number;
  /** Links that have ended, turned away ones too. */
  ended: number;
  logins: number;
  superseded: number;
  /** Vehicles that were sent to another node, at their login or when this one drained. */
  redirected: number;
  /** Pairs of links that claimed to be one vehicle, both alive. */
  duplicates: number;
  /** Proofs of logins elsewhere that do not hold, and those that were too many or too large to look at. */
  proofsRefused: number;
  proofsIgnored: number;
  /** Hints that something was revoked. */
  revocationHints: number;
  /** Sessions ended because of revocation, by code. */
  revoked: Record<RevocationReason["code"], number>;
  /** Links ended by this side for a fault of the vehicle's. */
  faults: number;
  batches: { live: number; backfill: number };
  /** Records in these batches. */
  records: { live: number; backfill: number };
  readBytes: { live: number; backfill: number };
  bundles: { live: number; backfill: number };
  bundleBytes: { live: number; backfill: number };
  /** Bundles that the log confirmed. */
  placed: number;
  /** Answers of the log other than a place. */
  logRefusals: number;
  republished: number;
  /** Publishes that the client did not take. */
  unpublished: number;
  lostBatches: number;
  verdictNotices: number;
  ledgerAsked: number;
  ledgerUnanswered: number;
  /** Vehicles that were asked to tell their inventory again. */
  inventoriesWanted: number;
  /** Orders of the cloud handed to a vehicle, and those that it could not be handed. */
  orders: number;
  droppedOrders: number;
  /** Vehicles' words on orders handed on, and those above their rate. */
  events: number;
  droppedEvents: number;
}

/** All at zero. */
export function newCounters(): Counters {
  const perLane = () => ({ live: 0, backfill: 0 });
  return {
    turnedAway: { links: 0, half_open: 0, half_open_per_address: 0, rate_per_address: 0, displaced: 0 },
    failedHandshakes: 0,
    ended: 0,
    logins: 0,
    superseded: 0,
    redirected: 0,
    duplicates: 0,
    proofsRefused: 0,
    proofsIgnored: 0,
    revocationHints: 0,
    revoked: { certificate_revoked: 0, revocation_unknown: 0 },
    faults: 0,
    batches: perLane(),
    records: perLane(),
    readBytes: perLane(),
    bundles: perLane(),
    bundleBytes: perLane(),
    placed: 0,
    logRefusals: 0,
    republished: 0,
    unpublished: 0,
    lostBatches: 0,
    verdictNotices: 0,
    ledgerAsked: 0,
    ledgerUnanswered: 0,
    inventoriesWanted: 0,
    orders: 0,
    droppedOrders: 0,
    events: 0,
    droppedEvents: 0,
  };
}
