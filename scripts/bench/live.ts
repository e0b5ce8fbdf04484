/**
 * A whole system under a vehicle's load (goals.md P13): real processes over the real path, single-frame posts at a steady
 * rate on `POST /v1/log`, open loop.
 *
 *     deno task bench live [--store sqlite|questdb] [--rate N] [--seconds N] [--warm-up N] [--rounds N] [--sample N]
 *
 * `answered`: from the moment a post was due to the end of its answer, so from the caller's side, with this process's
 * own lateness, which is told apart. `queryable`: from the same moment to the end of the answer of the query API that
 * shows the frame, of every `--sample`th frame. CPU time is that of whole processes, per posted frame.
 */
import { parseArgs } from "node:util";
import type { StoreKind } from "../dev/layout.ts";
import type { TestSystem } from "../e2e/harness.ts";
import { cpuOfUnits, cpuText, serverVersions, withBenchSystem } from "./bench_system.ts";
import { beginStream, type RoundResult, runLiveRound } from "./live_round.ts";
import { machineText, runtimeText } from "./machine.ts";
import { countOf, storeOf } from "./options.ts";
import { percentilesText, spreadText } from "./percentiles.ts";

/** Highest p99 that is good enough, milliseconds. */
const goalsMs: Readonly<Record<StoreKind, { answered: number; queryable: number }>> = {
  sqlite: { answered: 3, queryable: 1000 },
  questdb: { answered: 3, queryable: 2000 },
};

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    "warm-up": { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    sample: { type: "string", default: "50" },
  },
});
const store = storeOf(values.store);
const load = { perSecond: countOf(values.rate), sampleEvery: countOf(values.sample) };
const [seconds, secondsWarm, rounds] = [values.seconds, values["warm-up"], values.rounds].map(countOf);

await withBenchSystem(store, async (system) => {
  console.log(`${machineText()}\n${runtimeText()}, ${await serverVersions(system)}`);
  console.log(`${load.perSecond} posts/s of one frame, ${seconds} s a round, store ${store}`);
  await beginStream(system);
  await runLiveRound(system, { ...load, seconds: secondsWarm });
  const results: RoundResult[] = [];
  for (let round = 1; round <= rounds; round++) {
    results.push(await measureRound(system, round));
  }
  const answered = spreadText(results.map(({ answered }) => answered.p99));
  const queryable = spreadText(results.map(({ queryable }) => queryable.p99), 0);
  console.log(`p99 answered  ${answered} ms, wanted at most ${goalsMs[store].answered} ms`);
  console.log(`p99 queryable ${queryable} ms, wanted at most ${goalsMs[store].queryable} ms`);
});
Deno.exit(0);

async function measureRound(system: TestSystem, round: number): Promise<RoundResult> {
  const before = cpuOfUnits(system);
  const result = await runLiveRound(system, { ...load, seconds });
  const cpu = cpuText({ before, after: cpuOfUnits(system) }, result.posts);
  console.log(`round ${round}: ${result.posts} posts, ${result.perSecond.toFixed(1)}/s`);
  console.log(`  answered   ${percentilesText(result.answered)}; begun late by ${percentilesText(result.late)}`);
  console.log(`  queryable  ${percentilesText(result.queryable, 0)}; ${result.samples} samples`);
  console.log(`  CPU        ${cpu} a frame`);
  return result;
}
