/** Bounds of the fleet service. */
import { ok } from "node:assert/strict";

/** Registered vehicles: each takes about a kilobyte of memory here. */
export const vehiclesMax = 100_000;
/** Body of a request: a registration with all tags has a tenth of it. */
export const bodyBytesMax = 128 * 1024;
/** Vehicles in an answer when the caller does not say, and at most. */
export const listLimitDefault = 100;
export const listLimitMax = 1_000;

/** A write that another one overtook is tried again so often. */
export const writeAttemptsMax = 3;
/** A question to the store. */
export const storeTimeoutMs = 4_000;

/** A link that brought nothing for so long is silent: some frames a minute are the least a vehicle sends. */
export const silentMs = 30_000;
/** A round trip above this makes operating by hand hard. */
export const slowRttMs = 1_000;
/** A vehicle's clock that is off by more than this dates its frames wrongly. */
export const clockOffMs = 2_000;
/** Two vehicles of one name are named for so long after they were seen. */
export const duplicateMs = 600_000;
/** Days before a certificate's end from which on it is worth a word. */
export const certificateDays = 7;

/** What could not be written down is tried again after so long. */
export const keepRetryMs = 1_000;
/** Of so many vehicles at a time it is written down: a disk that syncs every write takes a thousand a second. */
export const keepAtOnceMax = 500;
/** Refusals of one vehicle are written down at most so often: anyone can claim a vehicle's name. */
export const refusalKeepMs = 60_000;

ok(listLimitDefault <= listLimitMax);
