/** What a run of seeds tells people. */
import { faults } from "./faults.ts";
import { replayLine } from "./options.ts";
import type { SeedOptions, SeedReport } from "./run_seed.ts";
import type { Tally } from "./tally.ts";

const storyLinesMax = 25;

/** A seed that failed: what does not hold, how to see it again, and what happened last. */
export function failureText(report: SeedReport, options: Pick<SeedOptions, "seed" | "hours" | "vehicles">): string {
  const { violation, story } = report;
  if (violation === undefined) throw new Error(`Seed ${report.seed} did not fail`);
  return [
    ...story.slice(-storyLinesMax).map((line) => `    ${line.slice(0, 240)}`),
    `seed ${report.seed} FAILED at ${(violation.atMs / 1000).toFixed(1)} s: ${violation.invariant}: ${violation.text}`,
    `  again: deno task sim ${replayLine(options)}`,
  ].join("\n");
}

/** How fast it went, and what that was. */
export function speedText(run: { seeds: number; virtualMs: number; cpuSeconds: number; seconds: number }): string {
  const perMinute = (seconds: number) => (run.seeds / seconds * 60).toFixed(1);
  const hours = (run.virtualMs / 3_600_000).toFixed(1);
  return `${run.seeds} seeds, ${hours} virtual hours in ${run.seconds.toFixed(1)} s (${
    run.cpuSeconds.toFixed(1)
  } s of ` +
    `processor): ${perMinute(run.seconds)} seeds a minute, ${perMinute(run.cpuSeconds)} a processor minute`;
}

/** What happened, by name; faults that were never drawn are named. */
export function countsText(tally: Tally): string {
  const never = faults.filter(({ name }) => tally.of(`fault: ${name}`) === 0).map(({ name }) => name);
  const lines = tally.entries().map(([name, count]) => `${String(count).padStart(10)}  ${name}`);
  return [...lines, ...never.length === 0 ? [] : [`never drawn: ${never.join(", ")}`]].join("\n");
}
