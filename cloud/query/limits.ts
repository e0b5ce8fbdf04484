/** Bounds of the query API. */
import { ok } from "node:assert/strict";
import { accountPageMax, columnsMax, pageRowsMax } from "../lib/store/limits.ts";

/** Rows in an answer when the caller does not say. */
export const limitDefault = 100;
/** Rows in an answer at most; further ones by cursor. */
export const limitMax = pageRowsMax;
/** Quarantined batches in an answer when the caller does not say. */
export const quarantineLimitDefault = 20;
/** Vehicles in an answer about the fleet when the caller does not say, and at most. */
export const fleetLimitDefault = 100;
export const fleetLimitMax = accountPageMax;
/** Vehicles that are added up for the totals of the fleet: a hundred pages of accounts must come before the deadline. */
export const fleetTotalVehiclesMax = 100 * accountPageMax;
/** Epochs in an answer when the caller does not say, and at most. */
export const epochsLimitDefault = 50;
export const epochsLimitMax = 1_000;
/** Missing ranges shown of one class; the counts are of all. */
export const rangesShownMax = 1_000;
/** Counts of quarantined batches in an answer when the caller does not say. */
export const quarantineCountsDefault = 1_000;
/** The owner of a partition works between two commits; one that has not answered by then is away, or its store is. */
export const ownerTimeoutMs = 4_000;
/** Body of a request: none has any. */
export const bodyBytesMax = 1024;
/** Fields that one request may name. */
export const fieldsMax = columnsMax;
/** A request that has not been answered by then fails with `deadline`. */
export const answerTimeoutMs = 5_000;
/** Requests worked on at a time; more are told to come back, so that a storm of them cannot fill the memory with pages. */
export const requestsAtOnceMax = 32;

ok(limitDefault <= limitMax, "the default is allowed");
ok(ownerTimeoutMs < answerTimeoutMs, "an owner that is away is told as such");
