/** The processes of a development system, in the order in which they start. */
import { fileURLToPath } from "node:url";
import { prepareStart, settleEnd } from "#cloud/checkpoint/around_run.ts";
import { bootOfMachine } from "#cloud/checkpoint/io/boot.ts";
import { askForRestore, markFileIn, syncFileSystem } from "#cloud/checkpoint/io/mark_file.ts";
import { type ChildPlan } from "../servers/child.ts";
import {
  clusterNodePlan,
  clusterNodeReady,
  hubPlan,
  hubReady,
  leafPlan,
  leafReady,
  type NatsPasswords,
} from "../servers/nats.ts";
import { type StepCa, type StepCaKind, stepCaPlan, stepCaReady } from "../servers/step_ca.ts";
import { questDbPlan, questDbReady } from "../servers/questdb.ts";
import type { QuestDbFiles } from "../servers/questdb_files.ts";
import { tryFetch } from "../servers/wait.ts";
import { type Certifier, ensureRelayLeaf, ensureVehicleLeaf, stepCaCertifier } from "./certifier.ts";
import { type HubNode, type Layout, pathsOf, sdkPortOf } from "./layout.ts";

/** A process, the ports it needs and how it tells that it is well. */
export interface Unit {
  readonly plan: ChildPlan;
  readonly ports: readonly { readonly port: number; readonly transport: "tcp" | "udp" }[];
  /** What it is, for the table. */
  readonly what: string;
  /** Where it is reached, for the table. */
  readonly where: string;
  ready(): Promise<boolean>;
  /** Before each of its processes starts. */
  beforeStart?(): Promise<void>;
  /** After each of its processes ended. */
  afterEnd?(): Promise<void>;
}

/** What was obtained and made before. */
export interface UnitParts {
  readonly natsServer: string;
  readonly questDb?: QuestDbFiles;
  readonly stepCa?: StepCa;
  readonly passwords: NatsPasswords;
}

/** All units of a layout. Later ones need earlier ones. */
export function unitsOf(layout: Layout, { natsServer, questDb, stepCa, passwords }: UnitParts): Unit[] {
  const certifier = stepCa === undefined ? undefined : stepCaCertifier(stepCa);
  return [
    ...hubUnits(layout, { natsServer, passwords }),
    leafUnit(layout, { natsServer, passwords }),
    ...(questDb === undefined ? [] : [questDbUnit(layout, questDb), checkpointUnit(layout)]),
    cloudUnit(layout),
    ...(stepCa === undefined ? [] : [caUnit("vehicles", { layout, stepCa }), caUnit("relays", { layout, stepCa })]),
    relayUnit(layout, certifier),
    ...layout.vehicles.flatMap((vehicle) => [
      agentUnit(layout, { vehicle, certifier }),
      ...(layout.simulate ? [simulationUnit(layout, vehicle)] : []),
    ]),
  ];
}

const tcp = (port: number) => ({ port, transport: "tcp" as const });
const local = (port: number) => `127.0.0.1:${port}`;

function hubUnit({ state, ports }: Layout, { natsServer, passwords }: UnitParts): Unit {
  const paths = pathsOf(state);
  const own = { client: ports.hub, monitor: ports.hubMonitor, leaf: ports.hubLeaves };
  return {
    plan: hubPlan(paths.natsStore, { binary: natsServer, ports: own, passwords, logFile: paths.log("hub") }),
    ports: [tcp(ports.hub), tcp(ports.hubMonitor), tcp(ports.hubLeaves)],
    what: "NATS hub with the log",
    where: local(ports.hub),
    ready: () => hubReady(ports.hubMonitor),
  };
}

function hubUnits(layout: Layout, parts: UnitParts): Unit[] {
  return layout.hubNodes?.map((node, at) => hubNodeUnit(layout, { ...parts, node, at })) ?? [hubUnit(layout, parts)];
}

function hubNodeUnit(
  { state, hubNodes = [] }: Layout,
  { natsServer, passwords, node, at }: UnitParts & { node: HubNode; at: number },
): Unit {
  const paths = pathsOf(state);
  const name = `hub-${at + 1}`;
  const own = { client: node.client, monitor: node.monitor, leaf: node.leaves };
  const options = {
    binary: natsServer,
    ports: own,
    passwords,
    logFile: paths.log(name),
    store: `${paths.natsStore}-${name}`,
  };
  const plan = clusterNodePlan(
    { name, routePort: node.route, advertisedPort: node.advertised, peerPorts: node.peers },
    options,
  );
  const isLast = at === hubNodes.length - 1;
  return {
    plan,
    ports: [tcp(node.client), tcp(node.monitor), tcp(node.leaves), tcp(node.route)],
    what: `NATS hub with the log, node ${at + 1}`,
    where: local(node.client),
    // They start one after another, and no node before the last has a leader to know.
    ready: () => isLast ? clusterNodeReady(node.monitor) : hubReady(node.monitor),
  };
}

function leafUnit({ state, ports, hubNodes }: Layout, { natsServer, passwords }: UnitParts): Unit {
  const hubs = hubNodes?.map(({ leaves }) => leaves) ?? [ports.hubLeaves];
  const own = { client: ports.leaf, monitor: ports.leafMonitor, leaf: 0 };
  return {
    plan: leafPlan(hubs, { binary: natsServer, ports: own, passwords, logFile: pathsOf(state).log("leaf") }),
    ports: [tcp(ports.leaf), tcp(ports.leafMonitor)],
    what: "NATS leaf beside the relay",
    where: local(ports.leaf),
    ready: () => leafReady(ports.leafMonitor),
  };
}

function questDbUnit({ state, ports }: Layout, files: QuestDbFiles): Unit {
  const paths = pathsOf(state);
  const options = {
    folder: paths.questDb,
    httpPort: ports.questDb,
    pgPort: ports.questDbPg,
    logFile: paths.log("questdb"),
  };
  return {
    plan: questDbPlan(files, options),
    ports: [tcp(ports.questDb), tcp(ports.questDbPg)],
    what: "QuestDB, the store",
    where: `http://${local(ports.questDb)}`,
    ready: () => questDbReady(ports.questDb),
    beforeStart: async () => {
      const [mark, boot] = [markFileIn(paths.questDb), await bootOfMachine()];
      await prepareStart({ mark, boot, restore: () => askForRestore(paths.questDb) });
    },
    afterEnd: () => settleEnd({ mark: markFileIn(paths.questDb), sync: () => syncFileSystem(paths.questDb) }),
  };
}

function checkpointUnit({ state, ports }: Layout): Unit {
  const paths = pathsOf(state);
  const url = `http://${local(ports.questDb)}`;
  return {
    plan: denoPlan("checkpoint", "cloud/checkpoint/main.ts", {
      logFile: paths.log("checkpoint"),
      args: ["hold", "--root", paths.questDb, "--url", url],
    }),
    ports: [],
    what: "holds QuestDB's checkpoint",
    where: "",
    ready: () => Promise.resolve(true),
  };
}

function cloudUnit({ state, ports, store }: Layout): Unit {
  const paths = pathsOf(state);
  return {
    plan: denoPlan("cloud", "cloud/main.ts", { config: paths.cloudConfig, logFile: paths.log("cloud") }),
    ports: [tcp(ports.fleet), tcp(ports.query), tcp(ports.commands), tcp(ports.auth), tcp(ports.cloudPrivate)],
    what: `cloud: ingest and the APIs, store ${store}`,
    where: [ports.fleet, ports.query, ports.commands, ports.auth].map(local).join(" "),
    ready: async () => await tryFetch(`http://${local(ports.cloudPrivate)}/readyz`) !== undefined,
  };
}

function caUnit(kind: StepCaKind, { layout, stepCa }: { layout: Layout; stepCa: StepCa }): Unit {
  const { ports } = stepCa;
  return {
    plan: stepCaPlan(kind, { stepCa, logFile: pathsOf(layout.state).log(`ca-${kind}`) }),
    ports: [tcp(ports[kind]), ...(kind === "vehicles" ? [tcp(ports.crl)] : [])],
    what: `step-ca, certifies ${kind}`,
    where: `https://localhost:${ports[kind]}`,
    ready: () => stepCaReady(kind, stepCa),
  };
}

function relayUnit(layout: Layout, certifier: Certifier | undefined): Unit {
  const { state, ports } = layout;
  const paths = pathsOf(state);
  return {
    plan: denoPlan("relay", "relay/main.ts", { config: paths.relayConfig, logFile: paths.log("relay") }),
    ports: [{ port: ports.relay, transport: "udp" }, tcp(ports.relay), tcp(ports.relayPrivate)],
    what: "relay (QUIC, else TCP)",
    where: local(ports.relay),
    ready: async () => await tryFetch(`http://${local(ports.relayPrivate)}/readyz`) !== undefined,
    beforeStart: certifier && (() => ensureRelayLeaf(layout, certifier)),
  };
}

function agentUnit(
  layout: Layout,
  { vehicle, certifier }: { vehicle: string; certifier: Certifier | undefined },
): Unit {
  const paths = pathsOf(layout.state);
  const port = sdkPortOf(layout, vehicle);
  return {
    plan: denoPlan(`agent-${vehicle}`, "edge/main.ts", {
      config: paths.agentConfig(vehicle),
      logFile: paths.log(`agent-${vehicle}`),
    }),
    ports: [tcp(port)],
    what: `agent of ${vehicle}`,
    where: `http://${local(port)}`,
    ready: async () => await tryFetch(`http://${local(port)}/healthz`) !== undefined,
    beforeStart: certifier && (() => ensureVehicleLeaf(layout, { certifier, vehicle })),
  };
}

function simulationUnit(layout: Layout, vehicle: string): Unit {
  const port = sdkPortOf(layout, vehicle);
  const seed = layout.vehicles.indexOf(vehicle) + 1;
  return {
    plan: denoPlan(`sitl-${vehicle}`, "edge/sitl/main.ts", {
      logFile: pathsOf(layout.state).log(`sitl-${vehicle}`),
      args: ["--agent", `http://${local(port)}`, "--seed", String(seed)],
    }),
    ports: [],
    what: `simulated ${vehicle}`,
    where: "",
    ready: () => Promise.resolve(true),
  };
}

function denoPlan(
  name: string,
  entry: string,
  options: { logFile: string; config?: string; args?: readonly string[] },
): ChildPlan {
  const script = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  return {
    name,
    command: Deno.execPath(),
    args: ["run", "--quiet", "--frozen", "-A", script, ...options.args ?? []],
    env: options.config === undefined ? {} : { SYSTEMSCALE_CONFIG: options.config },
    logFile: options.logFile,
  };
}
