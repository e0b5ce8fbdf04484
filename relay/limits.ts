/**
 * Every bound of the relay with its reason; bounds that both ends of a link share lie in proto/limits.ts. What an
 * operator may set starts from the defaults here (config.ts). Relations between bounds are asserted when this loads.
 */
import { ok } from "node:assert/strict";
import { batchBytesMax, bundleBytesMax, linkFrameBytesMax, loginTimeoutMs } from "#proto/limits.ts";
import type { Rate } from "#proto/token_bucket.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

// Who may connect

/** Links of one shard, half-open ones included; an idle one takes about 60 kB. */
export const linksMaxDefault = 4096;
/** Links that have not logged in yet: each may stay 15 s, and takes some 130 kB of memory with all that is around it. */
export const halfOpenMaxDefault = 96;
/** Handshakes under way: 500 a second over a quarter of a second of network. */
export const handshakesMax = 128;
/** Where half-open links are as many as may be, one that is here so long may have to go: a login over a bad network takes as long. */
export const halfOpenGraceMs = 3_000;
/** Of these per address; many vehicles share one behind address translation. */
export const halfOpenPerAddressMaxDefault = 48;
/** New links per second and address, lastingly; a whole fleet behind one address is back in a few seconds. */
export const linksPerSecondAndAddressDefault = 100;
/** Seconds of that rate that an address may save up for a burst. */
export const addressBurstSeconds = 4;
/**
 * Handshakes per second that lead to no login, of one shard: each takes 1 to 2 ms with all that follows, and 150 kB for a
 * while. For strangers a tenth of a core and as much memory as the runtime takes back in one go.
 */
export const handshakesInVainPerSecondDefault = 60;
/** So many at once: as many vehicles may be on their way in at a time. */
export const handshakesInVainBurst = 256;
/** Logins per second of one shard, and in a burst: each takes 1 to 2 ms, so telemetry keeps half of the core. */
export const loginsPerSecondDefault = 300;
export const loginsBurst = 50;
/** A link whose turn has not come by then is told to come again: below the time for a login, so that it hears it. */
export const loginTurnWaitMs = 8_000;
/** Logins of one vehicle, lastingly and in a burst: a link that flaps comes back, an agent that loops does not matter. */
export const loginsPerMinuteAndVehicleDefault = 30;
export const loginsOfVehicleBurst = 10;
/** Vehicles whose rate is remembered; the one unused for longest is forgotten. */
export const loginRatesMax = 8192;
/** Addresses remembered; the one unused for longest is forgotten, which only forgives it. */
export const addressesMax = 8192;

// Refused logins, kept for operators

/** Pairs of claimed vehicle id and code that are remembered. */
export const refusalsMax = 2048;
/** The same refusal (id and code) is published at most so often. */
export const refusalPublishIntervalMs = 5_000;
/** Refusals of any kind published per second: strangers must not fill the backbone. */
export const refusalsPublishedPerSecondMax = 20;

// Nodes, and who is sent where

/** A shard tells so often whether it takes vehicles, and how many it has. */
export const nodeStateIntervalMs = 2_000;
/** A node that was silent for so long is sent nobody: two states may be lost. */
export const nodeSilenceMs = 7_000;
/** Shards that are remembered. */
export const nodesMax = 1_024;
/** A node with so many times the mean of the others' links, and so many more, gets no more vehicles for now. */
export const nodeCrowdFactor = 1.25;
export const nodeCrowdLinks = 50;
/** A vehicle comes back to its node without asking anew for so long; the agent takes no longer time either. */
export const redirectMs = 24 * 3_600_000;

// Takeover

/** One proof: the vehicle's chain of certificates of 4 KiB, the node's, the rest of Hello, and Challenge and Proof. */
export const proofBytesMax = 24 * KiB;
/** Proofs of vehicles that are here, per second and in a burst: each takes a millisecond to verify. */
export const proofRate: Rate = { perSecond: 100, burst: 500 };
/** A vehicle that answers within that time after an unrelated login lives: several round trips of a bad network. */
export const duplicateAnswerMs = 2_000;

// Proofs of sessions

/** A proof that could not be kept is tried again after that: until then the session's telemetry is not read. */
export const proofRetryMs = 1_000;
/** A session that lasts keeps its proof again after that: three times while the log is kept. */
export const proofRenewMs = 8 * 3_600_000;

// Revocation

/** A list of revoked certificates is fetched so often: what is revoked without a push is out by then. */
export const crlPollMsDefault = 60_000;
/** Fastest and slowest poll that may be configured: the slowest is what protocol.md promises at most. */
export const crlPollMsMin = 5_000;
export const crlPollMsMax = 300_000;
/** A list that has gone stale still lets vehicles in for so long: an authority may be restarted, or moved. */
export const crlLoginGraceMsDefault = 3_600_000;
/** And lets them stay for so long: a day without an authority is for people to end. */
export const crlSessionGraceMsDefault = 86_400_000;
/** Longest grace: after a week nobody knows who drives. */
export const crlGraceMsMax = 7 * 86_400_000;
/** Wait after the first failure; twice as long after each further one, up to the poll interval. */
export const crlRetryMs = 1_000;
/** Hints lead to two fetches a second at most, however many there are. */
export const crlHintIntervalMs = 500;
/** A list may come from a clock that is ahead by so much. */
export const crlFutureToleranceMs = 300_000;

// Sessions

/** Bytes per lane that a vehicle may have sent and not yet heard `received` for. */
export const liveWindowBytes = 4 * MiB;
export const backfillWindowBytes = 8 * MiB;
/** Bytes waiting for a vehicle that does not read its control lane, before the link is given up. */
export const controlBacklogBytesMax = 1 * MiB;
/** Bytes of orders waiting for a vehicle that does not read them; more are dropped, and said again by the cloud. */
export const commandBacklogBytesMax = 256 * KiB;
/** Words of one vehicle on its orders: a burst at its login, and a hundred commands a second. */
export const eventRates = { perSecond: 500, burst: 2_000 };
/** Hashes taken from one Inventory: a vehicle's streams with their recent growth. */
export const shapesPerInventoryMax = 512;
/** Shape uses per session and lane: some growth of each of a vehicle's streams. */
export const shapeUsesMax = 4096;
/** Ranges in one frame of bookkeeping: 20 bytes each at most, so far below a link frame. */
export const rangesPerFrameMax = 4096;
/** Words to sessions are gathered for so long: they only move windows. */
export const speakIntervalMs = 20;
/** Places that the owner has passed are told so often to sessions that have no verdict in the same notice. */
export const passedIntervalMs = 1_000;

// The way to the log

/** A bundle is closed at this size; a single larger batch still fits by itself. */
export const bundleTargetBytes = 64 * KiB;
/** A partition's lane publishes bundles that are not full at most so often; after a pause the first goes at once. */
export const bundleIntervalMs = 10;
/** Bytes read and not yet confirmed by the log; above, the relay stops reading. */
export const heldBytesMaxDefault = 64 * MiB;
/** A bundle without an answer is published again after so long, then after twice as long each, under the same id. */
export const republishAfterMs = 2_000;
/** Publishes of one bundle before its vehicles hear `Lost`: 62 s, which the restart of a hub does not reach. */
export const publishAttemptsMax = 5;
/** How long JetStream recognises a repeated message id (its default, which the stream keeps). */
const duplicateWindowMs = 120_000;

// Shapes

/** Definitions in the cache; the one unused for longest goes and is read again from KV. */
export const shapeCacheBytesMax = 32 * MiB;
/** Wait between two tries to store a definition. */
export const shapeStoreRetryMs = 1_000;
/** Definitions read from KV at the same time for one inventory. */
export const shapeReadsAtOnceMax = 16;

// The backbone

/** An owner that has not answered by then is away: the vehicle is told so and works on. */
export const ledgerTimeoutMs = 2_000;
/** Wait before asking it again. */
export const ledgerRetryMs = 3_000;
/**
 * An owner that began anew has all inventories told again, spread over this time on every relay alike: a thousand
 * vehicles are a hundred questions a second to it, wherever they are linked.
 */
export const inventorySpreadMs = 10_000;
/** One read or write of KV, one probe. */
export const backboneTimeoutMs = 2_000;
/** Probes of the way to the log. */
export const probeIntervalMs = 2_000;
/** Without success for so long the node is not ready. */
export const stallMs = 10_000;
/** After so many ended links the runtime is asked to take back their memory, at most once per interval: 30 ms each time. */
export const reclaimLinksMin = 250;
export const reclaimIntervalMs = 2_000;
/** Digest of all links. */
export const digestIntervalMs = 5_000;
/** Links in one message of a digest: about 80 bytes each, so far below what NATS takes in one. */
export const linksPerDigestMax = 4096;
/** Bytes handed to the NATS client and not yet flushed, above which a publish waits for its next attempt. */
export const unflushedBytesMax = 16 * MiB;
/** The client is asked to flush after so many bytes: each flush is a round trip to the leaf. */
export const flushEveryBytes = 256 * KiB;

// Start and stop

/** Repeats to the log are looked after so often. */
export const repeatTickMs = 100;
/** Heartbeats and ends of certificates are looked after so often. */
export const sessionTickMs = 500;
/** Vehicles that are sent to other nodes get so long: they wait up to 2 s, so that not all come at once, and dial. */
export const leaveMs = 6_000;
/** What was read is given so long to reach the log when the node stops. */
export const drainMs = 1_600;
/** Links that close behind their last words are waited for so long. */
export const lastWordsMs = 600;
/** What was announced is given so long to leave after that. */
export const backboneStopMs = 200;
/** Answers of the private port are given so long to leave after that. */
export const privateStopMs = 300;
/** A shard that has not ended so long after SIGTERM is killed. */
export const shardStopMs = leaveMs + 2_700;
/** First and longest wait before a shard is started again, and how long it must have run to count as healthy. */
export const restartDelayMs = 200;
export const restartDelayMaxMs = 10_000;
export const restartHealthyMs = 30_000;
/** Answers of a shard to its supervisor. */
export const shardAnswerTimeoutMs = 1_000;

ok(halfOpenPerAddressMaxDefault * 2 <= halfOpenMaxDefault, "one address does not take all places at the door");
ok(
  handshakesInVainBurst * 2 > loginsPerSecondDefault,
  "those on their way in for half a second use the rate of logins",
);
ok(halfOpenMaxDefault / loginsPerSecondDefault * 1000 < loginTurnWaitMs, "as many as may wait have their turn in time");
ok(loginTurnWaitMs < loginTimeoutMs, "who had no turn hears why");
ok(batchBytesMax < bundleBytesMax && bundleTargetBytes <= bundleBytesMax, "a bundle holds a largest batch");
ok(republishAfterMs * 2 ** publishAttemptsMax < duplicateWindowMs, "every repeat is recognised as one");
ok(leaveMs + drainMs + lastWordsMs + backboneStopMs < shardStopMs, "a shard that drains is not killed");
ok(crlHintIntervalMs <= crlRetryMs && crlRetryMs <= crlPollMsMin, "a hint puts nothing off, nor does a retry");
ok(crlLoginGraceMsDefault <= crlSessionGraceMsDefault, "who may log in may stay");
ok(rangesPerFrameMax * 20 < linkFrameBytesMax, "a chunk of ranges fits into a frame");
ok(nodeSilenceMs > 3 * nodeStateIntervalMs, "two states may be lost");
ok(stallMs >= republishAfterMs * 2 && stallMs > probeIntervalMs * 2, "one lost answer is no stall");
