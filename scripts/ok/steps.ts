/** The steps of `deno task ok`, and how each is told in one line. */

/** One command of Deno. */
export interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

/** How a step went. */
export interface StepResult {
  readonly step: Step;
  readonly isGood: boolean;
  readonly seconds: number;
  /** All it printed. */
  readonly text: string;
}

const fast = ["--no-check", "--quiet", "--parallel", "--reporter=dot", "--ignore=scripts/e2e"];
const members = ["proto", "edge", "relay", "cloud", "scripts"];

/**
 * Two lanes that run side by side, as there are two cores at least: the tests take as long as all the rest. Their types
 * are checked in the other lane.
 */
export const lanes: readonly (readonly Step[])[] = [
  [{ name: "tests", args: ["test", "-A", ...fast, ...members] }],
  [
    { name: "format", args: ["fmt", "--check"] },
    { name: "tidy", args: ["run", "-A", "--no-check", "scripts/tidy.ts"] },
    { name: "lint", args: ["lint", "--quiet"] },
    { name: "types", args: ["check", "--quiet", ...members] },
  ],
];

/** `ok      tests    41.2 s  689 passed (11 steps), 0 failed`. */
export function lineOf({ step, isGood, seconds, text }: StepResult): string {
  const verdict = isGood ? "ok" : "FAILED";
  const time = `${seconds.toFixed(1)} s`;
  return `${verdict.padEnd(8)}${step.name.padEnd(8)}${time.padStart(8)}  ${summaryOf(text)}`.trimEnd();
}

/** What a failed step said, without the dots of tests that passed. */
export function storyOf({ step, text }: StepResult): string {
  return `\n--- ${step.name} ---\n${text.replace(/^[.,!]\n/gm, "").trim()}`;
}

/** The counts that tests and tidy close with. */
function summaryOf(text: string): string {
  const counts = /^(?:ok|FAILED) \| (\d+ passed.*? failed.*?) \(/m.exec(text)?.[1].replaceAll(" | ", ", ");
  return counts ?? /^\d+ files, .* violations$/m.exec(text)?.[0] ?? "";
}
