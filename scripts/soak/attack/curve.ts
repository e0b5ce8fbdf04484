/** Figures over the time of an attack, as lines and as a picture of blocks. */
import { percentileOf } from "../../bench/percentiles.ts";

/** What was seen in one stretch of time. */
export interface Stretch {
  /** Since the first, at its end. */
  readonly seconds: number;
  readonly isUnderAttack: boolean;
  /** Memory of shard and supervisor. */
  readonly shardBytes: number;
  readonly supervisorBytes: number;
  /** From a batch to the word that the log has it, ms. */
  readonly batchMs: readonly number[];
  /** Links that have not logged in, and logins that wait. */
  readonly halfOpen: number;
  readonly waiting: number;
}

/** What is held against the goal (goals.md R15). */
export interface AttackVerdict {
  /** How far memory rose above the last stretch before the attack. */
  readonly grownBytes: number;
  readonly p99Before: number;
  readonly p99Under: number;
  readonly isGrowthReached: boolean;
  readonly isP99Reached: boolean;
}

const growthGoalBytes = 64 * 1024 * 1024;
const p99GoalRatio = 1.2;
const blocks = "▁▂▃▄▅▆▇█";

/** Judges stretches, of which some must lie before the attack and some in it. */
export function verdictOf(stretches: readonly Stretch[]): AttackVerdict {
  const before = stretches.filter(({ isUnderAttack }) => !isUnderAttack);
  const under = stretches.filter(({ isUnderAttack }) => isUnderAttack);
  const memory = ({ shardBytes, supervisorBytes }: Stretch) => shardBytes + supervisorBytes;
  const grownBytes = Math.max(...under.map(memory)) - memory(before[before.length - 1]);
  const [p99Before, p99Under] = [before, under].map((part) => p99Of(part.flatMap(({ batchMs }) => batchMs)));
  return {
    grownBytes,
    p99Before,
    p99Under,
    isGrowthReached: grownBytes < growthGoalBytes,
    isP99Reached: p99Under < p99Before * p99GoalRatio,
  };
}

/** A table of the stretches, and a curve for each figure. */
export function curvesText(stretches: readonly Stretch[]): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const rows = stretches.map((one) => [
    one.seconds.toFixed(0),
    one.isUnderAttack ? "attack" : "quiet",
    mebibytes(one.shardBytes),
    mebibytes(one.supervisorBytes),
    p50Of(one.batchMs).toFixed(1),
    p99Of(one.batchMs).toFixed(1),
    String(one.batchMs.length),
    String(one.halfOpen),
    String(one.waiting),
  ]);
  const head = ["s", "", "shard MiB", "supervisor MiB", "p50 ms", "p99 ms", "batches", "half open", "waiting"];
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at].length)));
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padStart(widths[at])).join("  ");
  return [
    line(head),
    ...rows.map(line),
    `shard memory  ${curve(stretches.map(({ shardBytes }) => shardBytes))}`,
    `genuine p99   ${curve(stretches.map(({ batchMs }) => p99Of(batchMs)))}`,
  ].join("\n");
}

/** Lines about the verdict. */
export function verdictText(verdict: AttackVerdict): string[] {
  const { grownBytes, p99Before, p99Under, isGrowthReached, isP99Reached } = verdict;
  const word = (isReached: boolean) => isReached ? "reached" : "missed";
  return [
    `memory grew by ${(grownBytes / 2 ** 20).toFixed(1)} MiB; goal 64 MiB ${word(isGrowthReached)}`,
    `genuine p99 ${p99Before.toFixed(1)} ms before, ${p99Under.toFixed(1)} ms under attack ` +
    `(${((p99Under / p99Before - 1) * 100).toFixed(0)} %); goal + 20 % ${word(isP99Reached)}`,
  ];
}

/** Heights from the least to the most of the values. */
function curve(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const step = (value: number) =>
    most === least ? 0 : Math.round((value - least) / (most - least) * (blocks.length - 1));
  return values.map((value) => Number.isNaN(value) ? " " : blocks[step(value)]).join("");
}

function p50Of(values: readonly number[]): number {
  return percentileOf(Float64Array.from(values).sort(), 0.5);
}

function p99Of(values: readonly number[]): number {
  return percentileOf(Float64Array.from(values).sort(), 0.99);
}
