/** `deno task ok`: what must hold before a commit. Prints a line for each step, and all of what a failed one said. */
import "./check_deno.ts";
import { fileURLToPath } from "node:url";
import { lanes, lineOf, type Step, type StepResult, storyOf } from "./ok/steps.ts";

const top = fileURLToPath(new URL("..", import.meta.url));

async function run(step: Step): Promise<StepResult> {
  const startedAtMs = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...step.args],
    cwd: top,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  const result = { step, isGood: success, seconds: (performance.now() - startedAtMs) / 1000, text };
  console.log(lineOf(result));
  return result;
}

async function runLane(steps: readonly Step[]): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) results.push(await run(step));
  return results;
}

const failed = (await Promise.all(lanes.map(runLane))).flat().filter(({ isGood }) => !isGood);
for (const result of failed) console.log(storyOf(result));
Deno.exit(failed.length === 0 ? 0 : 1);
