/** Brings up a whole system on this machine: checks, programs, certificates, processes. Used by `dev` and by tests. */
import { fileURLToPath } from "node:url";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import type { Say } from "../servers/obtain.ts";
import { holderOf, isFree } from "../servers/ports.ts";
import { obtainQuestDb } from "../servers/questdb_files.ts";
import { run } from "../servers/run.ts";
import { makeStepCa, type StepCa } from "../servers/step_ca.ts";
import { obtainStep } from "../servers/step_binaries.ts";
import { writeConfigs } from "./configs.ts";
import { type Keeper, type KeepOptions, keepUnits } from "./keeper.ts";
import { type Layout, pathsOf } from "./layout.ts";
import { endLeftovers, writeRecord } from "./leftovers.ts";
import { ensureSecrets } from "./secrets.ts";
import { type Unit, unitsOf } from "./units.ts";

/** A system that is up. */
export interface RunningSystem {
  readonly keeper: Keeper;
  readonly units: readonly Unit[];
  /** Who certifies, when it is no development CA. */
  readonly stepCa?: StepCa;
  /** Bearer token of the cloud's APIs. */
  readonly token: string;
}

/** Options of {@link startSystem}. */
export interface StartOptions extends Pick<KeepOptions, "signal" | "restartPauseMs"> {
  /** Called with the name of each process that was started, first or again. */
  readonly onStarted?: (name: string) => void;
}

/** Starts everything and returns when all of it is well. */
export async function startSystem(layout: Layout, say: Say, options: StartOptions = {}): Promise<RunningSystem> {
  const paths = pathsOf(layout.state);
  await Deno.mkdir(layout.state, { recursive: true });
  for (const name of await endLeftovers(paths.running)) {
    say(`${name}: ended, it was left over from a run that was killed`);
  }
  await fetchAgentPackages();
  const natsServer = await obtainNatsServer(say);
  const questDb = layout.store === "questdb" ? await obtainQuestDb(say) : undefined;
  const passwords = await ensureSecrets(layout.state);
  const stepCa = layout.ca === "step-ca" ? await prepareStepCa(layout, say) : undefined;
  const units = unitsOf(layout, { natsServer, questDb, stepCa, passwords });
  await checkPorts(units);
  await writeConfigs(layout, passwords);
  const keeper = await keepUnits(units, {
    ...options,
    say,
    onStarted: (started, name) => {
      writeRecord(paths.running, { supervisor: Deno.pid, children: started.pids() });
      options.onStarted?.(name);
    },
  });
  return { keeper, units, stepCa, token: await Deno.readTextFile(paths.token) };
}

async function prepareStepCa({ state, ports }: Layout, say: Say): Promise<StepCa> {
  const paths = pathsOf(state);
  const stepCa: StepCa = {
    binaries: await obtainStep(say),
    folder: paths.stepCa,
    home: paths.stepHome,
    ports: { vehicles: ports.caVehicles, relays: ports.caRelays, crl: ports.caCrl },
  };
  await makeStepCa(stepCa);
  return stepCa;
}

/** An agent that had to download a package would have read the runtime's own TLS roots, and refuse to start for it. */
async function fetchAgentPackages(): Promise<void> {
  const program = fileURLToPath(new URL("../../edge/main.ts", import.meta.url));
  const { ok, text } = await run(Deno.execPath(), ["cache", "--quiet", "--frozen", program]);
  if (!ok) throw new Error(`Cannot fetch the packages of the agent:\n${text}`);
}

/** Throws with every port that is taken and who holds it. */
async function checkPorts(units: readonly Unit[]): Promise<void> {
  const taken: string[] = [];
  for (const { plan, ports } of units) {
    for (const { port, transport } of ports) {
      if (isFree(port, transport)) continue;
      taken.push(`  ${transport} ${port} (wanted by ${plan.name}) is held by ${await holderOf(port, transport)}`);
    }
  }
  if (taken.length > 0) throw new Error(`Cannot start, ports are taken:\n${taken.join("\n")}`);
}
