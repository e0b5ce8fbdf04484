/** What a dark vehicle's return is told as, held against the goals (goals.md R4). */
import { percentilesText } from "../bench/percentiles.ts";
import type { DarkResult } from "./dark_round.ts";

/** Time to drain, and the 99th percentile of what a live frame takes to a query meanwhile. */
const drainGoalMs = 180_000;
const liveGoalMs = 500;

/** A report in lines, and what of it is not as wanted. */
export interface DarkReport {
  readonly lines: readonly string[];
  readonly missed: readonly string[];
}

/** See the head of this file. */
export function darkReport(result: DarkResult, of: { frames: number; ringMebibytes: number }): DarkReport {
  const { postedMs, ringBytes, ringBytesPeak, lost, firstLiveMs, drainedMs, live, stored } = result;
  const rate = (ms: number) => `${(of.frames / ms * 1000).toFixed(0)} frames/s`;
  const wrong = stored.missing + stored.doubled + stored.changed;
  const checks: readonly (readonly [boolean, string])[] = [
    [lost === 0, `${lost} frames did not fit into the ring`],
    [drainedMs <= drainGoalMs, `drained in ${seconds(drainedMs)}, wanted ${seconds(drainGoalMs)}`],
    [live.p99 <= liveGoalMs, `live p99 ${live.p99.toFixed(0)} ms, wanted ${liveGoalMs} ms`],
    [ringBytesPeak <= of.ringMebibytes * 2 ** 20, `the ring took ${mebibytes(ringBytesPeak)}`],
    [wrong === 0, "what is stored is not what was posted"],
  ];
  return {
    lines: [
      `posted in ${seconds(postedMs)} = ${rate(postedMs)}`,
      `ring ${mebibytes(ringBytes)}, at most ${mebibytes(ringBytesPeak)} on disk`,
      `first live frame queryable after ${seconds(firstLiveMs)}`,
      `drained in ${seconds(drainedMs)} = ${rate(drainedMs)}`,
      `live frames queryable meanwhile: ${percentilesText(live, 0)}`,
      `stored ${stored.rows}, missing ${stored.missing}, doubled ${stored.doubled}, changed ${stored.changed}`,
    ],
    missed: checks.filter(([isGood]) => !isGood).map(([, what]) => `MISSED: ${what}`),
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
