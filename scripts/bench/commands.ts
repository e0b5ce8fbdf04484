/**
 * The round trip of a command on an idle system, beside a bare request and its answer over the same NATS servers.
 *
 *     deno task bench commands [--count N] [--rounds N]
 *
 * A command: from the operator's POST with `wait_ms` to its answer `succeeded`. On the way it is written to two buckets
 * twice each, to the vehicle's journal three times, and signed and checked four times; NATS alone carries one message there
 * and one back. Both by turns in each round, one after another.
 */
import { parseArgs } from "node:util";
import { serverVersions, withBenchSystem } from "./bench_system.ts";
import { openCommandRound } from "./command_round.ts";
import { machineText, runtimeText } from "./machine.ts";
import { countOf } from "./options.ts";
import { percentilesOf, percentilesText, spreadText } from "./percentiles.ts";

/** Goal: no more than so many times NATS alone. */
const ratioGoal = 4;

const { values } = parseArgs({
  options: { count: { type: "string", default: "200" }, rounds: { type: "string", default: "5" } },
});
const [count, rounds] = [values.count, values.rounds].map(countOf);

await withBenchSystem("sqlite", async (system) => {
  console.log(`${machineText()}\n${runtimeText()}, ${await serverVersions(system)}`);
  const { command, echo, close } = await openCommandRound(system);
  await timesOf(command, 20);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const [bare, whole] = [percentilesOf(await timesOf(echo, count)), percentilesOf(await timesOf(command, count))];
    ratios.push(whole.p50 / bare.p50);
    console.log(`round ${round}: NATS alone ${percentilesText(bare)}`);
    console.log(`         a command  ${percentilesText(whole)}`);
  }
  console.log(`p50 of a command, in those of NATS alone: ${spreadText(ratios, 1)}, wanted at most ${ratioGoal}`);
  await close();
});
Deno.exit(0);

async function timesOf(work: () => Promise<void>, times: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < times; at++) {
    const beganMs = performance.now();
    await work();
    tookMs.push(performance.now() - beganMs);
  }
  return tookMs;
}
