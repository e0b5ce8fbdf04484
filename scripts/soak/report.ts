/** What a rig found, as a table for people. */
import { percentilesOf, percentilesText } from "../bench/percentiles.ts";
import { type Findings, isGood } from "./account.ts";
import type { RestartTimes } from "./restart_times.ts";
import type { RigResult } from "./io/rig.ts";
import type { Stalls } from "./stalls.ts";

/** Longest restart that is good enough (goals.md R1). */
const restartGoalMs = 300;

/** Name and value, one line each, aligned. */
export function tableText(rows: readonly (readonly [name: string, value: string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

/** `38: relay 20, hub 18`. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  return parts.length === 0 ? "none" : `${sum}: ${parts.join(", ")}`;
}

/** Lines about the load and the account. */
export function resultText({ posts, findings, seconds }: RigResult): string {
  const { posted, well, settled } = seconds;
  return tableText([
    [
      "posts",
      `${posts.posts}, of which ${posts.unanswered} had no answer; ${posts.refused} frames refused for now, ${posts.buffered} only buffered`,
    ],
    ["after the trouble", `posted ${posted.toFixed(1)} s, well ${well.toFixed(1)} s, settled ${settled.toFixed(1)} s`],
    ["durable", findings.durable],
    ["stored", findings.stored],
    ["named by the ledger", countsText(findings.named)],
    ["lost", findings.lost],
    ["doubled", findings.doubled],
    ["changed", findings.changed],
    ["ledger contradicted", findings.contradicted],
    ["stored, answer lost", findings.unanswered],
    ["verdict", verdictText(findings)],
  ]);
}

/** `p50 210, p99 280, max 301 ms of 12 restarts; ...`. */
export function restartsText({ timesMs, cpuMs, cutShort }: RestartTimes): string {
  if (timesMs.length === 0) return `none measured, ${cutShort} cut short`;
  const times = percentilesOf(timesMs);
  const verdict = times.max <= restartGoalMs ? "reached" : "missed";
  return [
    `${percentilesText(times, 0)} of ${timesMs.length} restarts, ${cutShort} cut short`,
    `goal ${restartGoalMs} ms ${verdict}`,
    `processor time ${percentilesText(percentilesOf(cpuMs), 0)}`,
  ].join("; ");
}

/** `kill 2.1 s, pause 7.3 s`. */
export function stallsText({ longestMs }: Stalls): string {
  return [...longestMs].map(([cause, ms]) => `${cause} ${(ms / 1000).toFixed(1)} s`).join(", ") || "never";
}

function verdictText(findings: Findings): string {
  const examples = findings.examples.map((line) => `\n    ${line}`).join("");
  return (isGood(findings) ? "GOOD: nothing lost, nothing doubled" : "BAD") + examples;
}
