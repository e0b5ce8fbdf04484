/** Bounds of the commands service. */
import { ok } from "node:assert/strict";

/** How long a command may wait and run when the caller does not say, at least, and at most. */
export const ttlMsDefault = 60_000;
export const ttlMsMin = 1_000;
export const ttlMsMax = 24 * 3_600_000;
/** How long a caller may wait for the outcome in one request. */
export const waitMsMax = 10_000;
/** A comment on a stream of events, so that either end notices when the other is gone. */
export const eventsPingMs = 10_000;
/** Whoever reads a stream is looked at anew so often: a right that was taken away is gone everywhere within a second. */
export const rightsCheckMs = 500;
/** Streams of events at a time. */
export const eventStreamsMax = 200;
/** Vehicles of one call, and how many of them a second when the caller does not say, at least, and at most. */
export const groupVehiclesMax = 1_000;
export const groupRateDefault = 10;
export const groupRateMin = 0.1;
export const groupRateMax = 100;
/** JSON text of a command's data: with its signatures it fits a frame of the command lane. */
export const dataBytesMax = 8 * 1024;
/** Words of the caller on why. */
export const reasonLengthMax = 500;
/** Body of a request. */
export const bodyBytesMax = 64 * 1024;
/** Commands in an answer when the caller does not say, and at most. */
export const listLimitDefault = 50;
export const listLimitMax = 500;

/** Commands that are remembered, and for how long: each takes a kilobyte or two. */
export const commandsMax = 100_000;
export const commandAgeMs = 30 * 86_400_000;
/** Commands without an outcome per vehicle: the vehicle takes 64 at a time. */
export const openPerVehicleMax = 64;
/** A key of a caller is remembered for so long. */
export const keyAgeMs = 86_400_000;

/** A command that was not delivered is sent again after so long, twice as long each time, at most. */
export const resendMs = 1_000;
export const resendMsMax = 10_000;
/** A stop that was not acknowledged is sent again after so long. */
export const stopResendMs = 250;
/** After its deadline the vehicle gets so long to tell what became of a command; then nobody knows. */
export const graceMs = 10_000;
/** Commands are looked at so often. */
export const tickMs = 200;
/** Steps that are kept of one command: without progress there are few. */
export const stepsMax = 64;

ok(resendMs <= resendMsMax && stopResendMs >= tickMs);
ok(waitMsMax < 15_000, "an answer comes before the guard gives the connection up");
