/** Bounds of what is known of links. */
import { ok } from "node:assert/strict";
import { heartbeatIntervalMs } from "#proto/limits.ts";

/** Vehicles that are linked and not registered, and those that were refused under an id nobody registered. */
export const strangersMax = 4_096;
/** Shards say every 5 s which links they hold; what was not confirmed for so long is over, or its shard is. */
export const confirmMs = 15_000;
/** Links are looked through so often. */
export const sweepIntervalMs = 1_000;

ok(confirmMs >= 3 * heartbeatIntervalMs, "one digest that is lost ends nothing");
