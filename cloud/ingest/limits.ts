/** Bounds of ingest alone, with their reasons. */
import { ok } from "node:assert/strict";
import { bundleBytesMax } from "#proto/limits.ts";

const MiB = 1024 * 1024;

/** Messages waiting per lane: what arrives while one commit is under way, with room for a second. */
export const queueBytesMax = 16 * MiB;
/** One commit: large enough to spread its fixed cost (one sync, one request). */
export const groupBytesMax = 4 * MiB;
/** And small enough to take about so long, since what comes live waits for it; but never less than some bundles. */
export const commitTargetMs = 100;
export const groupBytesMin = 256 * 1024;
/** Part of a commit that backfill may take although live waits: a vehicle's past must come through too. */
export const backfillShare = 0.25;
/** Ledger lines and places are written so often; after a crash at most so much of the log is read again. */
export const flushIntervalMs = 5_000;
/** Places reached are told to the shards so often, for verdicts that were lost on their way. */
export const passedIntervalMs = 5_000;
/**
 * An owner that knows all that lay in the log when it began says so this often, for relays that did not hear it: within
 * that time, and the one over which relays spread their questions, every linked vehicle is compared with the ledger.
 */
export const ownerIntervalMs = 5_000;
/** Places kept in a checkpoint: one for each flush of the longest replay, ten minutes. */
export const checkpointPlacesMax = 600_000 / flushIntervalMs + 1;
/** A table that stays suspended for so long has its batches kept aside. */
export const suspendedMaxMs = 60_000;
/** Batches that wait for a suspended table are tried again so often. */
export const suspendedRetryMs = 1_000;
/** Batches that wait for suspended tables; more are kept aside at once. */
export const waitingBytesMax = 64 * MiB;
/** First and longest pause before a failed write is repeated. */
export const storeRetryFirstMs = 100;
export const storeRetryMaxMs = 5_000;
/** Vehicles whose ledger is held in memory; the longest unused goes first. */
export const ledgerVehiclesMax = 10_000;
/** Shapes held in memory: a fleet has some hundred. */
export const shapesMax = 4_096;
/** A lease that was not renewed for so long is free. */
export const leaseTtlMs = 15_000;
/** Leases are renewed so often. */
export const leaseRenewMs = 5_000;
/** Ledger requests worked at the same time; the relay asks again for more. */
export const ledgerRequestsMax = 256;
/** Bytes asked of the log at once, per lane. */
export const readerBatchBytes = 4 * MiB;
/** Pause before a reader that ended is made anew. */
export const readerRetryMs = 250;
/** The log keeps messages so long and so many bytes: a vehicle's own disk holds what is older. */
export const logAgeMaxMs = 24 * 3_600_000;
export const logBytesMax = 6 * 1024 * MiB;

ok(groupBytesMin >= bundleBytesMax && groupBytesMax >= groupBytesMin, "a message fits into a commit");
ok(queueBytesMax >= groupBytesMax, "a commit can be filled from the queue");
ok(leaseTtlMs >= 3 * leaseRenewMs, "one lost renewal does not lose the lease");
