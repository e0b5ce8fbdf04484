/** Every bound of the agent alone, with its reason. What both ends share lies in `proto/limits.ts`. */
import { ok } from "node:assert/strict";
import {
  batchBytesMax,
  inventoryRangesMax,
  linkFrameBytesMax,
  loginTimeoutMs,
  rangesPerMessageMax,
  recordBytesMax,
  shapeBytesMax,
} from "#proto/limits.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

// The ring

/** Smallest segment: tests use it; a frame that fits no segment is refused. */
export const ringSegmentBytesMin = 8 * KiB;
/** Smallest segment by default: the largest record fits beside the largest shape, which is written twice. */
export const ringSegmentBytesDefaultMin = 256 * KiB;
/** Largest segment: what is given up at once, and what is read to open a ring after a crash. */
export const ringSegmentBytesMax = 4 * MiB;
/** A ring has at least so many segments: one open per class, the reserve, and steps small enough to give up. */
export const ringSegmentsMin = 16;
/** Segments on board: thousands of short starts without a link must not become files without end. */
export const ringSegmentsMax = 2048;
/** Encoded bytes of one class's records kept in memory behind the newest: some seconds for live sending. */
export const ringTailBytesMax = 2 * MiB;
/** Old segments are looked through for damage at that rate: 512 MiB in 35 minutes, a thousandth of what a disk gives. */
export const ringScrubBytesPerSecond = 256 * KiB;
/** While anybody waits for the disk, looking through waits so long at a time; the first time it begins after that. */
export const ringScrubWaitMs = 1_000;
/** After the last segment it begins again with the first after so long. */
export const ringScrubRoundMs = 3_600_000;
/** Encoded bytes that may wait for the disk: a stalled disk must not fill the memory. */
export const ringWaitingBytesMax = 16 * MiB;
/** Part of these that critical records alone may use: a flood of others must not shut them out. */
export const ringWaitingCriticalBytes = 2 * MiB;
/** A caller is answered within that time, whatever the disk does (goals.md R6). */
export const answerMsMax = 100;
/** The ring's part of it: an append that is not durable by then is answered `buffered`. */
export const ringAnswerMs = 80;
/** A disk that failed is tried again after so long: the ring is well again within 2 s of it. */
export const ringRetryMs = 1_000;
/** Distance of the marks by which a read finds its place in a segment. */
export const ringMarkBytes = 16 * KiB;
/** One watermark file; what does not fit is left out, oldest first, and only costs a resend. */
export const ringWatermarkBytesMax = 256 * KiB;
/** Settled ranges remembered per epoch and class; the newest beyond are forgotten, which only costs a resend. */
export const ringSettledRangesMax = 512;
/** Verdicts become durable at most so often by themselves. */
export const ringWatermarkIntervalMs = 5_000;
/** Shapes of one epoch: 200 streams whose shapes grow one field at a time to their 400 columns. */
export const ringShapesMax = 100_000;
/** Time over which the append rate is averaged. */
export const ringRateWindowMs = 60_000;

// Commands

/** Commands that have no outcome yet: more at once is a fault in the cloud. */
export const openCommandsMax = 64;
/** Commands whose outcome the cloud has not kept yet: then no more are taken. */
export const unsettledCommandsMax = 1_024;
/** Commands remembered although they are settled, so that none runs twice: until they are dead by their deadline. */
export const settledCommandsMax = 1_024;
/** The longest that a deadline may lie ahead: a day. */
export const commandAheadMsMax = 86_400_000;
/** Words of the cloud that wait for the disk; more are dropped, and said again by the cloud. */
export const ordersQueuedMax = 256;
/** Software that is gone gets so long to come back and tell what became of what it began. */
export const softwareLeaseMs = 10_000;
/** An outcome is told again after so long, until the cloud says that it is kept. */
export const eventAgainMs = 5_000;
/** Whoever asks again, by however many copies, is answered at most so often: a round trip of a slow network. */
export const tellAgainMs = 250;
/** Progress of one command is told at most so often; in between, the newest is kept. */
export const progressMs = 100;
/** Words beside an outcome. */
export const eventDetailLengthMax = 500;
/** JSON text of an outcome or of progress: a frame of the command lane holds it with its certificates. */
export const eventDataBytesMax = 4 * KiB;
/** The journal is written anew when it has grown to this. */
export const journalBytesMax = 1 * MiB;
/** Commands, deadlines and leases are looked at so often. */
export const commandTickMs = 250;
/** A comment on the stream of commands, so that either end notices when the other is gone. */
export const commandPingMs = 5_000;
/** What waits for software that does not read its stream of commands. */
export const commandStreamEventsMax = 256;

// The uplink

/** Records wait so long for more of their class on the live lane; the first after a pause goes at once. */
export const liveLingerMs = 25;
/** Records older than that go by the backfill lane: who watches live wants what is new. */
export const liveFreshMs = 2_000;
/** Appends closer together than that share one entry of the outbox. */
export const freshEntryMs = 50;
/** Batches sent and not yet received, per lane: small batches must not grow the outbox although the window has room. */
export const flightsPerLaneMax = 2_048;
/** Received batches whose places are kept one by one per epoch and class; older ones share the highest of theirs. */
export const receivedGroupsMax = 256;
/** Pieces that one epoch and class may fall into before live waits for backfill to close the holes. */
export const fragmentsMax = 8_192;
/** Backfill waits so long for the ledger's answer to the inventory, lest it repeats what has a verdict. */
export const heldWaitMs = 5_000;
/** Part of the link's bytes that backfill gets although live could use all of them. */
export const backfillShare = 1 / 4;
/** What backfill may be owed before live steps aside: one batch. */
export const backfillOwedBytesMax = 64 * KiB;
/** Live steps aside at most so long at a time. */
export const liveAsideMs = 250;
/** Ranges with a verdict in one Inventory, newest epochs first: those of a vehicle's last few hundred starts. */
export const inventorySettledRangesMax = 1_024;
/** Shapes in one Inventory, those used last first: a vehicle's 200 streams with their recent growth. */
export const inventoryShapesMax = 512;
/** Bounds of the guess what part of a record's size is left on the wire; and what is added to it for safety. */
export const packingRatioMin = 1 / 8;
export const packingRatioMargin = 1.15;
/** Shapes announced on one lane of one link; beyond, the link is renewed. */
export const shapesPerLaneMax = 4_096;
/** A ring or disk that fails is asked again after so long. */
export const diskRetryMs = 1_000;
/** No sender waits longer than that without looking again. */
export const senderWaitMsMax = 1_000;
/** A peer that takes nothing from the control lane for so long is dead. */
export const controlWriteTimeoutMs = 15_000;
/** Connecting and TLS; the login has its own limit (proto/limits.ts). */
export const dialTimeoutMs = 10_000;
/** QUIC gets so long before TCP is tried beside it: a handshake over a bad network. */
export const raceStaggerMs = 1_500;
/** The same when the link in use fell silent: UDP may be what is dropped. */
export const hastyStaggerMs = 250;
/** A try whether QUIC gets through again, while the link over TCP goes on. */
export const bestOnlyMs = 3_000;
/** Where TCP was what worked it is tried first for so long. */
export const transportMemoryMs = 600_000;
/** Relays, each from one network, of which that is remembered; the one not dialled for longest is forgotten. */
export const transportMemoryMax = 64;
/** A link over TCP is left for QUIC after so long; twice as long after each try in vain. */
export const returnDelayMs = 30_000;
export const returnDelayMsMax = 900_000;
/** QUIC that worked so long is good again: the waits begin anew. */
export const goodQuicMs = 300_000;
/** A link over which something is on its way and nothing came for so long is asked for a sign of life. */
export const silenceAskMs = 750;
/** It gets so long for it, and some round trips. */
export const silenceAnswerMs = 1_250;
export const silenceAnswerRoundTrips = 4;
/** Silence is looked for so often. */
export const silenceLookMs = 250;
/** Another way is looked for at most so often because of it. */
export const silenceAgainMs = 15_000;
/** First wait between attempts to link, and the longest; each wait is drawn from 0 to the present bound. */
export const reconnectDelayMs = 500;
export const reconnectDelayMsMax = 20_000;
/** A link that lasted so long was a good one: the waits begin anew after it. */
export const goodLinkMs = 5_000;
/** A refusal that says "not before something changes", and the longest retry-after that is believed. */
export const refusedDelayMs = 60_000;
export const retryAfterMsMax = 3_600_000;
/** Before a drained or not ready relay is left: a whole fleet must not arrive elsewhere at once. */
export const moveJitterMs = 2_000;
/** A relay that is not ready is left at most so often. */
export const moveIntervalMs = 180_000;
/** How long the link that was moved away from still listens for what the relay received. */
export const retireMs = 1_000;
/** A link is left for a renewed certificate when nothing is on its way; a vehicle that always sends waits so long for it. */
export const quietWaitMs = 30_000;
/** Before another link takes over, what the old one has under way may arrive for so long; new records wait meanwhile. */
export const handOverMs = 2_000;
/** A link that serves is looked at at least so often, whatever news was missed. */
export const linkLookMs = 30_000;
/** A move to a new link that came to nothing, and whose reason stays, is tried again after so long. */
export const moveRetryMs = 120_000;
/** Redirects followed one after another without a Welcome; then it counts as a failure. */
export const redirectsInRowMax = 4;
/** A redirect is remembered at most so long, whatever it says. */
export const redirectMsMax = 24 * 3_600_000;

// The renewal of the certificate, by `systemscale-agent renew`

/** Part of a certificate's life from whose beginning on it is renewed: the last ten of thirty days. */
export const renewLifePart = 1 / 3;
/** One question to the CA, TLS and all, over a link that loses a tenth; then step is killed. */
export const renewAttemptMs = 60_000;
/** First wait after a question in vain, and the longest; drawn between half of the present bound and all of it. */
export const renewDelayMs = 5_000;
export const renewDelayMsMax = 120_000;
/** No attempt begins after so long: the timer comes again within the hour. */
export const renewMsMax = 900_000;
/** Of what step said, so much is told. */
export const renewDetailLengthMax = 500;

// The local API

/** From a request's headers to the end of its body: local software needs milliseconds. */
export const postBodyTimeoutMs = 10_000;
/** At a stop, a request under way may take so long; then the process ends all the same. */
export const stopListenerMs = 150;

// The agent

/** Suspend and drift of the clock are looked for so often. */
export const epochWatchIntervalMs = 1_000;
/** A tick that comes so much late means that the machine slept. */
export const suspendJumpMs = 5_000;
/** Wall clock and epoch's time may differ by so much; more opens a new epoch. */
export const clockDriftMsMax = 1_000;
/** But at most so often. */
export const driftEpochIntervalMs = 600_000;
/** An offset learned from the relay below that counts as none: a vehicle's own clock is then good enough. */
export const clockOffsetMsMin = 1_000;
/** At a stop, what is unsent may go out for so long, and the goodbye and the ring's end may take so long. */
export const stopFlushMs = 1_500;
export const stopLinkMs = 500;
export const stopRingMs = 800;
/**
 * From the open ring to the loading of what links: the first frames after a start are answered before, for loading keeps
 * the program's only thread busy. Software that lost its agent posts again within that time.
 */
export const linkDelayMs = 200;
/** From the signal to the end of the process. */
export const stopMsMax = 3_000;

// The doctor

/** What is waited for at most, one after another: the agent's status, a name, a handshake, what is said to our Hello. */
export const doctorStatusMs = 1_000;
export const doctorLookupMs = 2_000;
export const doctorDialMs = 4_000;
export const doctorHelloMs = 2_000;
/** Beside the handshake: whether TCP gets through where UDP does not. */
export const doctorTcpMs = 3_000;

ok(ringSegmentBytesDefaultMin >= 2 * shapeBytesMax + recordBytesMax + 2 * KiB, "the largest frame fits a segment");
ok(ringSegmentBytesMin <= ringSegmentBytesDefaultMin && ringSegmentBytesDefaultMin <= ringSegmentBytesMax);
ok(ringMarkBytes < ringSegmentBytesDefaultMin, "a segment has marks");
ok(ringAnswerMs < answerMsMax, "a late timer and the answer's own way have some time left");
ok(2 * ringRetryMs <= 2_000, "a disk that works again is noticed in time although the first try comes too early");
ok(ringWaitingCriticalBytes < ringWaitingBytesMax);
ok(openCommandsMax < unsettledCommandsMax);
ok(commandTickMs * 4 <= softwareLeaseMs, "a lease ends in time");
ok(handOverMs <= liveFreshMs, "what waited for the new link is still sent as live");
ok(handOverMs < loginTimeoutMs / 2, "the relay waits for the proof meanwhile");
ok(hastyStaggerMs < raceStaggerMs && raceStaggerMs < bestOnlyMs && bestOnlyMs < dialTimeoutMs);
ok(
  silenceAskMs + silenceLookMs + silenceAnswerMs + hastyStaggerMs < 3_000,
  "over a short way another link serves in 5 s",
);
ok(silenceAgainMs > dialTimeoutMs, "a search is over before the next");
ok(moveRetryMs > 1.5 * refusedDelayMs, "a relay that refused is no longer left alone then");
ok(renewMsMax + renewAttemptMs < 3_600_000, "a renewal that is given up is over before the timer's next");
ok(doctorStatusMs + doctorLookupMs + doctorDialMs + doctorHelloMs < 10_000, "the doctor answers within 10 s");
ok(doctorTcpMs < doctorDialMs);
ok(liveLingerMs <= freshEntryMs && freshEntryMs < liveFreshMs, "lingering does not make stale");
const inventoryBytesMax = inventoryRangesMax * 22 + inventorySettledRangesMax * 40 + inventoryShapesMax * 18;
ok(inventoryBytesMax + 16 * KiB < linkFrameBytesMax, "an inventory, with its epochs and classes, fits into a frame");
ok(inventorySettledRangesMax <= rangesPerMessageMax, "the other end reads all that is listed as settled");
ok(backfillOwedBytesMax <= batchBytesMax && backfillShare < 1, "live steps aside for no more than a batch");
ok(stopFlushMs + stopLinkMs + stopRingMs + stopListenerMs < stopMsMax, "a stop ends in time");
ok(linkDelayMs < stopLinkMs, "a stop right after the start finds no link that is still to be opened");
