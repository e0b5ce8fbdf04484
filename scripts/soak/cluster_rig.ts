/**
 * The rig of the cluster: a whole system whose hub is three NATS nodes, of which one at a time is killed, paused, or cut
 * from the two others for a while. A node that is cut still serves whoever is connected to it, and can keep nothing.
 */
import type { Random } from "#proto/ports.ts";
import type { HubNode, Layout, StoreKind } from "../dev/layout.ts";
import { freeLayout, type TestSystem, withSystem } from "../e2e/harness.ts";
import { AgentApi } from "../replay/agent_api.ts";
import { freePorts } from "../servers/ports.ts";
import { type RigResult, runRig } from "./io/rig.ts";
import { startTcpGate, type TcpGate } from "./io/tcp_gate.ts";
import { healTimeoutMs, stallLookMs } from "./limits.ts";
import { pause } from "./pause.ts";
import { Stalls } from "./stalls.ts";

/** How long, how many frames, how often something goes wrong. */
export interface ClusterOptions {
  readonly store: StoreKind;
  readonly seconds: number;
  readonly total: number;
  /** From one fault to the next, and how long each lasts. */
  readonly everyMs: number;
  readonly faultMs: number;
  /** Chooses the node; the kinds of faults come in turn. */
  readonly random: Pick<Random, "fraction">;
}

/** The end of it. */
export interface ClusterResult extends RigResult {
  /** Without verdicts, by the fault before. */
  readonly stalls: Stalls;
  /** Copies of each stream and bucket, as the nodes tell it after the start. */
  readonly copies: Readonly<Record<string, number>>;
}

const nodeCount = 3;
const faults = ["kill", "pause", "cut"] as const;

/** The way from one node to another. */
interface Way {
  readonly from: number;
  readonly to: number;
  readonly gate: TcpGate;
}

/** Runs it on a system of its own. */
export async function runClusterRig(options: ClusterOptions): Promise<ClusterResult> {
  const { layout, ways } = await clusterLayout(options.store);
  const stalls = new Stalls();
  try {
    return await withSystem(layout, async (system) => {
      const copies = await copiesOf(layout);
      const trouble = async (signal: AbortSignal) => {
        await Promise.all([
          harmUntil(signal, { ...options, system, ways, stalls }),
          watchUntil(signal, system, stalls),
        ]);
      };
      return { ...await runRig(system, { ...options, trouble }), stalls, copies };
    }, { restartPauseMs: () => options.faultMs });
  } finally {
    await Promise.all(ways.map(({ gate }) => gate.close()));
  }
}

/** A layout whose nodes reach each other through gates only. */
async function clusterLayout(store: StoreKind): Promise<{ layout: Layout; ways: Way[] }> {
  const portsPerNode = 5 + nodeCount;
  const layout = await freeLayout({ store });
  const others = new Set(Object.values(layout.ports));
  let ports = freePorts(nodeCount * portsPerNode);
  while (ports.some((port) => others.has(port))) ports = freePorts(nodeCount * portsPerNode);
  const portsOf = (node: number) => ports.slice(node * portsPerNode, (node + 1) * portsPerNode);
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const routeOf = (node: number) => portsOf(node)[3];
  const ways = nodes.flatMap((from) =>
    nodes.filter((to) => to !== from).map((to) => {
      const gate = startTcpGate({ port: portsOf(from)[5 + to], targetPort: routeOf(to) });
      return { from, to, gate };
    })
  );
  const hubNodes = nodes.map((node): HubNode => {
    // Where nobody listens: told of each other's own ports, the nodes would go round the gates.
    const [client, monitor, leaves, route, advertised] = portsOf(node);
    const peers = ways.filter(({ from }) => from === node).map(({ gate }) => gate.port);
    return { client, monitor, leaves, route, advertised, peers };
  });
  return { layout: { ...layout, hubNodes }, ways };
}

/** On how many nodes each stream lies. */
async function copiesOf({ hubNodes = [] }: Layout): Promise<Record<string, number>> {
  const copies: Record<string, number> = {};
  for (const { monitor } of hubNodes) {
    const response = await fetch(`http://127.0.0.1:${monitor}/jsz?streams=true`);
    const { account_details: accounts = [] } = await response.json() as {
      account_details?: { stream_detail?: { name: string }[] }[];
    };
    for (const { name } of accounts.flatMap(({ stream_detail: streams = [] }) => streams)) {
      copies[name] = (copies[name] ?? 0) + 1;
    }
  }
  return copies;
}

async function harmUntil(
  signal: AbortSignal,
  { system, ways, stalls, everyMs, faultMs, random }: ClusterOptions & {
    system: TestSystem;
    ways: readonly Way[];
    stalls: Stalls;
  },
): Promise<void> {
  const { keeper } = system.running;
  for (let turn = 0; !signal.aborted; turn++) {
    await pause(everyMs - (turn === 0 ? everyMs / 2 : faultMs), signal);
    if (signal.aborted) return;
    const node = Math.floor(random.fraction() * nodeCount);
    const [name, fault] = [`hub-${node + 1}`, faults[turn % faults.length]];
    const gates = ways.filter(({ from, to }) => from === node || to === node).map(({ gate }) => gate);
    stalls.handleCause(fault);
    // The keeper starts a killed one again after as long as the other faults last.
    if (fault === "kill") keeper.signal(name, "SIGKILL");
    if (fault === "pause") keeper.signal(name, "SIGSTOP");
    if (fault === "cut") { for (const gate of gates) gate.cut(); }
    await pause(faultMs, signal);
    if (fault === "pause") keeper.signal(name, "SIGCONT");
    if (fault === "cut") { for (const gate of gates) gate.heal(); }
  }
}

async function watchUntil(signal: AbortSignal, system: TestSystem, stalls: Stalls): Promise<void> {
  const api = new AgentApi(system.agentUrl(), { patienceMs: healTimeoutMs });
  while (!signal.aborted) {
    const { unsettled, last_verdict_at_ms: verdictAtMs } = await api.status();
    stalls.handleLook({ verdictAtMs: verdictAtMs ?? 0, isDue: unsettled.length > 0 }, performance.now());
    await pause(stallLookMs, signal);
  }
}
