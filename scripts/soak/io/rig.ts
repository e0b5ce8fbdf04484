/**
 * What every rig does: frames are posted while something troubles the system; then the system heals, all that is on
 * board gets its verdict, and the account is made.
 */
import type { JsonValue } from "#proto/json.ts";
import type { TestSystem } from "../../e2e/harness.ts";
import { AgentApi } from "../../replay/agent_api.ts";
import { waitFor } from "../../servers/wait.ts";
import { Account, type Findings, type LedgerView } from "../account.ts";
import { drainTimeoutMs, healTimeoutMs, ledgerTimeoutMs, postOverrunMs } from "../limits.ts";
import { type PosterCounts, postFrames } from "../poster.ts";
import type { RestartTimes } from "../restart_times.ts";
import { storedRows } from "./stored_rows.ts";

/** The load, and the trouble. */
export interface RigOptions {
  /** Frames, spread over the seconds. */
  readonly total: number;
  readonly seconds: number;
  /** Troubles the system until the signal fires, then takes all trouble away. */
  readonly trouble: (signal: AbortSignal) => Promise<void>;
  /** Told of starts of the agent by whoever starts it. */
  readonly restarts?: RestartTimes;
}

/** The end of a rig. */
export interface RigResult {
  readonly posts: PosterCounts;
  readonly findings: Findings;
  /** From the end of the trouble until the last frame was posted, every process was well, and all had its verdict. */
  readonly seconds: { readonly posted: number; readonly well: number; readonly settled: number };
}

/** Runs it. Rejects when the system does not heal or drain in time. */
export async function runRig(system: TestSystem, options: RigOptions): Promise<RigResult> {
  const { total, seconds, trouble, restarts } = options;
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const account = new Account(startNs);
  const [calm, end] = [new AbortController(), new AbortController()];
  const posting = postFrames({
    ...{ agentUrl: system.agentUrl(), total, perSecond: total / seconds, startNs },
    onDurable: (place, number) => account.handleDurable(place, number),
    onAnswer: (begunAtMs) => restarts?.handleDurable(begunAtMs, performance.now()),
    signal: end.signal,
  });
  const timers = [
    setTimeout(() => calm.abort(), seconds * 1000),
    setTimeout(() => end.abort(), seconds * 1000 + postOverrunMs),
  ];
  try {
    // A trouble that fails, or a frame that is refused for good, ends the rig.
    const [, calmAtMs] = await Promise.all([untilOver(posting, calm.signal), trouble(calm.signal).then(now)]);
    const since = () => (performance.now() - calmAtMs) / 1000;
    const posts = await posting;
    const posted = since();
    await untilWell(system);
    const well = since();
    await untilSettled(system);
    const settled = since();
    const findings = await closeAccount(system, account);
    return { posts, findings, seconds: { posted, well, settled } };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    calm.abort();
    end.abort();
  }
}

function now(): number {
  return performance.now();
}

/** Settles when the signal fires, but rejects with the work before. */
async function untilOver(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => over.resolve(), { once: true });
  await Promise.race([over.promise, work.then(() => over.promise)]);
}

async function untilWell({ running }: TestSystem): Promise<void> {
  await Promise.all(
    running.units.map(({ plan, ready }) =>
      waitFor(`${plan.name} to be well after the trouble`, async () => await ready() || undefined, {
        timeoutMs: healTimeoutMs,
      })
    ),
  );
}

/** Until nothing on board is without a verdict. */
async function untilSettled(system: TestSystem): Promise<void> {
  const api = new AgentApi(system.agentUrl(), { patienceMs: healTimeoutMs });
  let open = 0;
  const ask = async () => {
    open = (await api.status()).unsettled.reduce((sum, { records }) => sum + records, 0);
    return open === 0 || undefined;
  };
  try {
    await waitFor("all on board to get its verdict", ask, { timeoutMs: drainTimeoutMs, stepMs: 100 });
  } catch (cause) {
    throw new Error(`${open} records on board have no verdict`, { cause });
  }
}

async function closeAccount(system: TestSystem, account: Account): Promise<Findings> {
  const [vehicle] = system.layout.vehicles;
  const ask = async () =>
    await system.query(`/v1/vehicles/${vehicle}/completeness`) as JsonValue as unknown as LedgerView;
  const untilMs = performance.now() + ledgerTimeoutMs;
  let ledger = await ask();
  while (hasMissing(ledger) && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    ledger = await ask();
  }
  for await (const row of storedRows(system.layout, vehicle)) account.handleRow(row);
  return account.settle(ledger);
}

function hasMissing({ epochs }: LedgerView): boolean {
  return epochs.some(({ classes }) => classes.some(({ missing_ranges }) => missing_ranges.length > 0));
}
