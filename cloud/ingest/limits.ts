/** Bounds of ingest alone, with their reasons. */
import { ok } from "node:assert/strict";
import { bundleBytesMax } from "#proto/limits.ts";

const MiB = 1024 * 1024;

/** Messages waiting per lane: what arrives while one commit is under way, with room for a second. */
export const queueBytesMax = 16 * MiB;
/** One commit: large enough to spread its fixed cost (one sync, one request). */
export const groupBytesMax = 4 * MiB;
/** And small enough to take about so long, since what comes live waits for it; but never less than a full bundle. */
export const commitTargetMs = 100;
export const groupBytesMin = bundleBytesMax;
/** Part of a commit that backfill takes while live waits: a vehicle's past must come through too. */
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
/**
 * So far back the log is written again after the store was started again: what it took before that is on its disk, whatever
 * its machine went through. Kernels write back after half a minute; the rest is for a disk that is behind.
 */
export const replayWindowMs = 600_000;
/** Places kept in a checkpoint: one for each flush of the longest replay, and the one before. */
export const checkpointPlacesMax = replayWindowMs / flushIntervalMs + 2;
/** A table that stays suspended for so long has its batches kept aside. */
export const suspendedMaxMs = 60_000;
/** Batches that wait for a suspended table are tried again so often. */
export const suspendedRetryMs = 1_000;
/** Batches that wait for suspended tables; more are kept aside at once. */
export const waitingBytesMax = 64 * MiB;
/** First and longest pause before a failed write is repeated. */
export const storeRetryFirstMs = 100;
export const storeRetryMaxMs = 5_000;
/** A comparison that fails so often, while the store answers else, is given up and its repeat kept aside: some 12 s. */
export const compareTriesMax = 8;
/** Vehicles whose ledger is held in memory; the longest unused goes first. */
export const ledgerVehiclesMax = 10_000;
/** Vehicles of the partitions owned whose accounts are added up for metrics: 1 kB each at most. */
export const countedVehiclesMax = 100_000;
/** A session's clock offset is written down again when it moved by so much: clocks drift, and each time is a write. */
export const clockOffsetStepNs = 1_000_000n;
/** Of an agent's version, as it names itself. */
export const agentVersionLengthMax = 64;
/** Shapes held in memory: a fleet has some hundred. */
export const shapesMax = 4_096;
/** Sessions whose proof was verified, and claims that did not hold: some for each vehicle in memory. 200 bytes each. */
export const provenSessionsMax = 4 * ledgerVehiclesMax;
/** A claim that did not hold is looked at again after that: its proof may have come. */
export const unprovenMs = 1_000;
/** Proofs of sessions that are kept, of some 4 kB: a quarter of a million logins. */
export const proofsBytesMax = 1024 * MiB;
/** A lease that was not renewed for so long is free. */
export const leaseTtlMs = 15_000;
/** Leases are renewed so often. */
export const leaseRenewMs = 5_000;
/** What could not be done about leases is tried again so soon: a bucket that elects its leader is back within seconds. */
export const leaseRetryMs = 1_000;
/** A request to the log that has no answer by then went to a node that is gone, or to one without a leader. */
export const logTimeoutMs = 3_000;
/** Each instance looks so often who works and what is free. */
export const shareIntervalMs = 2_000;
/** Ledger requests worked at the same time; the relay asks again for more. */
export const ledgerRequestsMax = 256;
/** Requests about the quarantine worked at the same time: people make them. */
export const quarantineRequestsMax = 32;
/** Stored rows in the answer to a retry that they stand in the way of, and the length of one's values. */
export const storedRowsToldMax = 20;
export const storedValuesCharsMax = 16 * 1024;
/**
 * Messages asked of the log at once, per lane. Not bytes: a request that has room for no more than a small message is
 * refused by the server when a large one comes next, and the client then waits for the silence to end.
 */
export const readerBatchMessages = 64;
/** Pause before a reader that ended is made anew. */
export const readerRetryMs = 250;
/** A request for messages stands so long, then the client makes it again. */
export const readerPullMs = 30_000;
/** So often the log says that it is there while a lane has nothing new. */
export const readerHeartbeatMs = 1_000;
/** A reader that heard nothing for so long is made anew: the node that served it is gone, and others may serve. */
export const readerSilenceMs = 4_000;
/** The log forgets a reader that asked for nothing for so long: those that were made anew leave the old ones behind. */
export const readerUnusedMs = 60_000;
/** The log keeps messages so long and so many bytes: a vehicle's own disk holds what is older. */
export const logAgeMaxMs = 24 * 3_600_000;
export const logBytesMax = 6 * 1024 * MiB;

ok(groupBytesMin >= bundleBytesMax && groupBytesMax >= groupBytesMin, "a message fits into a commit");
ok(queueBytesMax >= groupBytesMax, "a commit can be filled from the queue");
ok(readerBatchMessages * bundleBytesMax <= queueBytesMax, "what is on its way does not double the queue");
ok(readerSilenceMs >= 3 * readerHeartbeatMs, "a heartbeat that is late is no silence");
ok(readerPullMs >= 2 * readerHeartbeatMs, "the server takes such a request");
ok(readerUnusedMs > readerSilenceMs, "a reader that is used is not forgotten");
ok(leaseTtlMs >= 3 * leaseRenewMs, "one lost renewal does not lose the lease");
ok(leaseTtlMs >= leaseRenewMs + 2 * (logTimeoutMs + leaseRetryMs), "nor do two that have no answer");
