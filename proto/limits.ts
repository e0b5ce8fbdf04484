/**
 * Every bound that both ends must agree on, with its reason. What only one part needs lies in that part's own
 * `limits.ts`. Relations between bounds are asserted when this module loads.
 */
import { ok } from "node:assert/strict";

const KiB = 1024;
const MiB = 1024 * KiB;

// Frames as callers give them

/** Body of one `POST /v1/log`: some thousand frames; more belongs into further posts. */
export const postBytesMax = 1 * MiB;
/** Frames of one post: each gets a line of the answer, and while they are looked at the link has to wait. */
export const framesPerPostMax = 10_000;
/** Fields of one frame after flattening: the widest PX4 topic has 130. */
export const fieldsPerFrameMax = 256;
/** Nesting of one frame: deeper structures are documents, not telemetry. */
export const depthMax = 8;
/** Length of a flattened field name: columns of every store we use take 127. */
export const fieldNameMax = 127;
/** One record's encoded size: it must fit into a batch with room for its shape's columns. */
export const recordBytesMax = 48 * KiB;
/** Elements of one array of numbers. */
export const arrayLengthMax = 4096;

// The link

/** Link frame after login. */
export const linkFrameBytesMax = 256 * KiB;
/** Link frame before login, on the command lane, and a piece on TCP: strangers get little memory. */
export const linkFrameBytesMaxBeforeLogin = 16 * KiB;
/** Header of a link frame. */
export const linkHeaderBytes = 8;
/** Body of a batch, compressed or not, as packed: one message of the log. */
export const batchBytesMax = 64 * KiB;
/** What a batch may unpack to: bounds a decompression bomb to four times the largest link frame. */
export const batchUnpackedBytesMax = 1 * MiB;
/** Records in one batch. */
export const batchRecordsMax = 4096;
/** One bundle (relay header and batches) in the log: a largest batch and its header must fit. */
export const bundleBytesMax = 80 * KiB;
/** Shards of one relay: one per core of the largest machine, with room. */
export const shardsMax = 1024;
/** Canonical definition of a shape. */
export const shapeBytesMax = 60 * KiB;
/** Fields of a shape: a stream's 400 columns, each perhaps with a second type. */
export const shapeFieldsMax = 1024;
/** Streams whose shape one agent keeps in mind: 100 of its first day, the growth of months, and SystemScale's own. */
export const shaperStreamsMax = 512;
/** Values that a batch may decode to, 8 bytes each: columns compress so well that its bytes alone bound nothing. */
export const batchValuesMax = 1024 * 1024;
/** Columns of all blocks of a batch: a column without values takes one byte there, and a hundred when decoded. */
export const batchColumnsMax = 64 * 1024;
/** Certificate (DER). */
export const certificateBytesMax = 4 * KiB;
/** Certificates in Hello. */
export const chainLengthMax = 3;
/** Ancestors of the epoch in Hello. */
export const ancestorsMax = 16;
/** Epochs in an Inventory, oldest first. */
export const inventoryEpochsMax = 64;
/** Ranges in one Inventory: 22 bytes each at most, so below a link frame. */
export const inventoryRangesMax = 8_192;
/** Ranges per epoch and class in one message of bookkeeping. */
export const rangesPerMessageMax = 1024;

/** A link must have logged in by then. */
export const loginTimeoutMs = 15_000;
/** Pings on an idle link; also keeps address translation on the way open. */
export const heartbeatIntervalMs = 5_000;
/** A peer that was silent for so long is dead. */
export const linkDeadMs = 15_000;
/** How long data may sit in the transport's buffer of one lane, at the measured rate. */
export const laneBufferMs = 200;
/** The relay reports what it read at most so often. */
export const readReportIntervalMs = 100;
/** What may wait on a lane for a peer that does not read. Callers who await their writes never come near. */
export const laneWaitingBytesMax = 4 * MiB;

// The link over TCP, where one stream carries all lanes

/** A lane's bytes that may lie unread at the receiver, at first: strangers get little memory. */
export const laneWindowBytes = 64 * KiB;
/** The same for a lane that is read as fast as it comes: a tenth of a second at 80 Mbit/s. */
export const laneWindowBytesMax = 1 * MiB;
/** The receiver says what has arrived after so many bytes: less than what may always be under way. */
export const arrivalBytes = 2 * KiB;
/** So much may always be under way, lest nothing is measured: half a second at 128 kbit/s. */
export const transitBytesMin = 8 * KiB;
/** And never more: both telemetry lanes with their windows full. */
export const transitBytesMax = 2 * MiB;
/** Words beside a close code: a code's name, or a sentence. */
export const closeReasonBytesMax = 256;

// Lists of revoked certificates

/** One fetch: 8 MiB in a slow network. At a relay's start, logins wait for the first. */
export const crlFetchTimeoutMs = 10_000;

// HTTP ports that strangers reach

/** Head of a request: what a browser sends with its cookies has a quarter of it. */
export const httpHeadBytesMax = 16 * KiB;
/** The first head of a connection must be there by then. */
export const httpHeadTimeoutMs = 5_000;
/** From the first byte of a later request to the first of its answer: the slowest query ends itself after 5 s. */
export const httpAnswerTimeoutMs = 15_000;
/** A connection on which nothing is said is closed: longer than the pause between two polls of a page. */
export const httpIdleTimeoutMs = 65_000;
/** These times are looked at so often. */
export const httpSweepIntervalMs = 250;
/** Connections of one port: some 20 KiB each. */
export const httpConnectionsMax = 1024;
/** Of these per address: browsers open 6, and a company may share one address. */
export const httpConnectionsPerAddressMax = 256;
/** What is carried at a time between guard and server, either way. */
export const httpPieceBytes = 8 * KiB;
/** The last words to a peer that is turned away wait so long for it to take them. */
export const httpRefusalMs = 200;

// The log

/** Partitions of the fleet: an owner each, so also the most ingest workers there can be. */
export const partitionCount = 32;

// A certificate and its key on disk

/** Certificate and key on disk are looked at so often. */
export const credentialPollMs = 5_000;
/** New ones that do not serve are complained about after so long: whoever writes two files needs a moment. */
export const credentialSettleMs = 15_000;
/** Days before a certificate's end at which a warning is logged; it is renewed ten days before, so the first is early. */
export const certificateWarningDays = [30, 7, 1] as const;

ok(credentialSettleMs >= 3 * credentialPollMs, "a pair that is being written was looked at several times");
ok(httpSweepIntervalMs * 10 <= httpHeadTimeoutMs, "what is late is seen soon");
ok(recordBytesMax < batchBytesMax, "a record fits into a batch");
ok(batchBytesMax < bundleBytesMax, "a batch fits into a bundle");
ok(bundleBytesMax <= linkFrameBytesMax, "what the log takes, a link frame takes");
ok(shapeBytesMax + linkHeaderBytes < linkFrameBytesMax, "a shape fits into a link frame");
ok(shapeBytesMax < bundleBytesMax, "a shape fits into a bundle");
ok(chainLengthMax * certificateBytesMax < linkFrameBytesMaxBeforeLogin, "a chain fits into a frame before login");
ok(arrivalBytes * 2 <= transitBytesMin, "what may always be under way is said to have arrived");
ok(laneWindowBytes >= 2 * linkFrameBytesMaxBeforeLogin, "a lane's next piece is on its way while one is read");
ok(laneWindowBytes <= laneWindowBytesMax && transitBytesMin <= transitBytesMax);
ok(postBytesMax >= recordBytesMax, "a record can be posted");
ok(linkDeadMs >= 3 * heartbeatIntervalMs, "one lost heartbeat does not end a link");
ok(fieldsPerFrameMax <= shapeFieldsMax, "a frame fits its shape");
