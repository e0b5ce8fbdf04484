/** Bounds that services have in common. */
import { ok } from "node:assert/strict";
import { httpIdleTimeoutMs } from "#proto/limits.ts";

/** Characters of a vehicle's name for people. */
export const nameLengthMax = 128;
/** Tags of one vehicle, and characters of a tag's value. */
export const tagsMax = 32;
export const tagLengthMax = 256;
/** Groups of one vehicle. */
export const groupsMax = 16;

/** The latest deadline that a gRPC call may have: whoever watches for longer asks again. */
export const grpcDeadlineMsMax = 24 * 3_600_000;
/** Calls at a time on one connection. */
export const grpcStreamsMax = 100;
/** A connection is looked after so often, and is never silent for longer. */
export const grpcPingMs = 20_000;
/** Calls under way get so long when the service ends. */
export const grpcStopMs = 1_000;

ok(grpcPingMs < httpIdleTimeoutMs, "the guard ends what is silent");
