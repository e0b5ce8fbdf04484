/**
 * The ledger shown: a recorded flight is replayed as it was flown, through a narrow network that is cut several times for
 * so long that the link ends, and at every turn the ledger is asked.
 */
import { pathsOf } from "../../dev/layout.ts";
import { freeLayout, type TestSystem, withSystem } from "../../e2e/harness.ts";
import { replayFlight } from "../../replay/replay_flight.ts";
import { freePorts } from "../../servers/ports.ts";
import { tryFetch, waitFor } from "../../servers/wait.ts";
import { seededRandom } from "#proto/testing/random.ts";
import type { LedgerView } from "../account.ts";
import type { Moment } from "../ledger_table.ts";
import { healTimeoutMs } from "../limits.ts";
import { startUdpProxy, type UdpProxy } from "../udp_proxy.ts";

/** What is flown, and when the network is cut. */
export interface LedgerRigOptions {
  readonly flight: string;
  readonly cuts: number;
  readonly secondsBefore: number;
  readonly secondsCut: number;
  readonly secondsBetween: number;
  readonly bytesPerSecond: number;
  /** Told of every moment as it comes. */
  readonly onMoment: (moment: Moment) => void;
}

/** Flies; resolves to the last word of the ledger. */
export async function runLedgerRig(options: LedgerRigOptions): Promise<{ durable: number; ledger: LedgerView }> {
  const [dialedPort] = freePorts(1);
  const layout = { ...await freeLayout({ store: "sqlite" }), dialedPort };
  const proxy = startUdpProxy({
    target: { hostname: "127.0.0.1", port: layout.ports.relay },
    random: seededRandom(1),
    port: dialedPort,
    conditions: { bytesPerSecond: options.bytesPerSecond },
  });
  try {
    return await withSystem(layout, (system) => fly(system, { ...options, proxy }));
  } finally {
    await proxy.close();
  }
}

async function fly(
  system: TestSystem,
  { proxy, onMoment, ...options }: LedgerRigOptions & { proxy: UdpProxy },
): Promise<{ durable: number; ledger: LedgerView }> {
  const startedAtMs = performance.now();
  let durable = 0;
  const tell = async (what: string) => {
    const ledger = await askLedger(system);
    onMoment({ seconds: (performance.now() - startedAtMs) / 1000, what, durable, ledger });
    return ledger;
  };
  const flying = replayFlight({
    file: options.flight,
    agentUrl: system.agentUrl(),
    speed: "real",
    onProgress: (progress) => durable = progress.taken,
  });
  await Promise.all([flying, cutAgain(system, { ...options, proxy, tell })]);
  await tell("the flight is over");
  await waitFor("the ledger to miss nothing", async () => isComplete(await askLedger(system), durable) || undefined, {
    timeoutMs: healTimeoutMs,
    stepMs: 250,
  });
  return { durable, ledger: await tell("all is stored") };
}

async function cutAgain(
  system: TestSystem,
  { proxy, tell, ...options }: Omit<LedgerRigOptions, "onMoment"> & {
    proxy: UdpProxy;
    tell: (what: string) => Promise<LedgerView>;
  },
): Promise<void> {
  await seconds(options.secondsBefore);
  for (let cut = 1; cut <= options.cuts; cut++) {
    await tell(`cut ${cut} begins`);
    proxy.change({ blocked: true });
    await seconds(options.secondsCut);
    await tell(`cut ${cut} ends`);
    proxy.change({ blocked: false });
    await waitFor("the link", () => tryFetch(`${system.agentUrl()}/healthz`), { timeoutMs: healTimeoutMs });
    await tell("linked again");
    // The ledger is written every 5 s.
    await seconds(options.secondsBetween);
  }
}

async function askLedger(system: TestSystem): Promise<LedgerView> {
  const [vehicle] = system.layout.vehicles;
  const answer = await system.query(`/v1/vehicles/${vehicle}/completeness`).catch((error: Error) => {
    throw new Error(`Cannot ask the ledger; logs in ${pathsOf(system.layout.state).logs}`, { cause: error });
  });
  return answer as unknown as LedgerView;
}

function isComplete({ epochs }: LedgerView, durable: number): boolean {
  const lines = epochs.flatMap(({ classes }) => classes);
  const expected = lines.reduce((sum, line) => sum + line.expected, 0);
  return expected >= durable && lines.every(({ missing_ranges }) => missing_ranges.length === 0);
}

async function seconds(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, count * 1000));
}
