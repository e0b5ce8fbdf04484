/**
 * A real agent whose ring lies on a small file system that is filled by somebody else, slowed down and broken, while a
 * client posts at a steady rate. It has no relay meanwhile, so that nothing leaves the ring; at the end the relay comes,
 * and all that was answered `durable` must arrive in the store, once.
 */
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { writeConfigs } from "../../dev/configs.ts";
import { type Keeper, keepUnits } from "../../dev/keeper.ts";
import { type Layout, pathsOf } from "../../dev/layout.ts";
import { writeRecord } from "../../dev/leftovers.ts";
import { ensureSecrets } from "../../dev/secrets.ts";
import { type Unit, unitsOf } from "../../dev/units.ts";
import { allRows, freeLayout, queryOf } from "../../e2e/harness.ts";
import { obtainNatsServer } from "../../servers/nats_binary.ts";
import { tryFetch, waitFor } from "../../servers/wait.ts";
import { type LoopDisk, makeLoopDisk, runningName } from "../loop_disk.ts";
import { faultsOf, type Phase } from "./answers.ts";
import { diskStream, Posting } from "./posting.ts";
import { throttle, whyNoThrottle } from "./throttle.ts";

const vehicle = "drone-001";
const agentName = `agent-${vehicle}`;
const diskBytes = 64 << 20;
/** Small, so that segments are small: a full disk is felt as soon as the open one is full. */
const ringBytes = "16MiB";
const fillerBytes = 1 << 20;
const throttledBytesPerSecond = 16 * 1024;
const arrivalMs = 60_000;

/** How long each state of the disk lasts, and how often it is full. */
export interface DiskOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Called with each phase that is over. */
  readonly onPhase?: (phase: Phase) => void;
}

/** What came of it. */
export interface DiskResult {
  readonly phases: readonly Phase[];
  /** Frames answered `durable`. */
  readonly durable: number;
  /** Broken promises, in words. */
  readonly faults: readonly string[];
  /** What could not be done here, and why. */
  readonly skipped: readonly string[];
}

/** Runs on a disk of its own, which is removed whatever happens. */
export async function runDiskRig(options: DiskOptions): Promise<DiskResult> {
  const disk = await makeLoopDisk({ bytes: diskBytes, at: `state/vehicles/${vehicle}/ring` });
  const keepers: Keeper[] = [];
  const said: string[] = [];
  try {
    const layout = await freeLayout({ store: "sqlite", state: join(disk.folder, "state") });
    const units = await unitsOn(layout);
    const keep = async (names: readonly string[]) => {
      const chosen = units.filter(({ plan }) => names.includes(plan.name));
      const onStarted = (started: Keeper) => {
        const children = [...keepers, started].flatMap((keeper) => keeper.pids());
        writeRecord(join(disk.folder, runningName), { supervisor: Deno.pid, children });
      };
      keepers.push(await keepUnits(chosen, { say: (line) => void said.push(line), onStarted }));
    };
    await keep([agentName]);
    const posting = new Posting(`http://127.0.0.1:${layout.ports.sdk}`);
    const { phases, skipped } = await breakDisk(disk, { ...options, posting });
    const faults = [...phases.flatMap(faultsOf), ...said.map((line) => `ended: ${line}`)];
    await keep(["hub", "leaf", "cloud", "relay"]);
    faults.push(...await missingOf(layout, posting.durable));
    return { phases, durable: posting.durable.size, faults, skipped };
  } finally {
    for (const keeper of keepers.reverse()) await keeper.stop();
    await disk.remove();
  }
}

async function unitsOn(layout: Layout): Promise<readonly Unit[]> {
  const passwords = await ensureSecrets(layout.state);
  await writeConfigs(layout, passwords);
  const file = pathsOf(layout.state).agentConfig(vehicle);
  const config = parse(await Deno.readTextFile(file));
  // What is durable stays until the store has it: then its absence there is a loss.
  await Deno.writeTextFile(
    file,
    stringify({ ...config, ring: { ...config.ring, bytes: ringBytes, when_full: "refuse" } }),
  );
  const units = unitsOf(layout, { natsServer: await obtainNatsServer(() => {}), passwords });
  // An agent without a link is not healthy, but it is up.
  return units.map((unit) =>
    unit.plan.name === agentName
      ? { ...unit, ready: async () => await tryFetch(`${unit.where}/v1/status`) !== undefined }
      : unit
  );
}

async function breakDisk(
  disk: LoopDisk,
  { rounds, seconds, onPhase, posting }: DiskOptions & { readonly posting: Posting },
): Promise<{ phases: readonly Phase[]; skipped: readonly string[] }> {
  const phases: Phase[] = [];
  const run = async (name: string, isWell: boolean) => {
    const phase = await posting.runPhase(name, { seconds, isWell });
    phases.push(phase);
    onPhase?.(phase);
  };
  const skipped: string[] = [];
  await run("calm", true);
  for (let round = 1; round <= rounds; round++) {
    const filler = join(disk.mountPoint, "filler");
    await fill(filler);
    await run(`full ${round}`, false);
    await Deno.remove(filler);
    await run(`freed ${round}`, true);
  }
  const why = await whyNoThrottle();
  if (why === undefined) {
    await throttle(disk.mountPoint, throttledBytesPerSecond);
    await run("throttled", false);
    await throttle(disk.mountPoint, 0);
    await run("fast again", true);
  } else {
    skipped.push(`throttled: ${why}; the virtual disk's delays stand for it in the ring's tests`);
  }
  disk.cut();
  await run("EIO", false);
  await disk.remountUnder();
  await run("remounted", true);
  return { phases, skipped };
}

/** Takes all that is left. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  const bytes = new Uint8Array(fillerBytes);
  for (let size = bytes.length; size >= 1;) {
    try {
      await file.write(bytes.subarray(0, size));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      size >>= 1;
    }
  }
  await file.sync();
}

/** Waits until all frames are in the store; tells which are not, and which are there twice. */
async function missingOf(layout: Layout, durable: ReadonlySet<number>): Promise<string[]> {
  const token = await Deno.readTextFile(pathsOf(layout.state).token);
  const query = queryOf(layout, token);
  let seen: number[] = [];
  const missing = () => durable.difference(new Set(seen));
  await waitFor("all durable frames", async () => {
    seen = (await allRows({ vehicle_id: vehicle, stream: diskStream }, query).catch(() => [])).map(({ n }) =>
      Number(n)
    );
    return missing().size === 0 || undefined;
  }, { timeoutMs: arrivalMs, stepMs: 250 }).catch(() => undefined);
  const lost = missing().size;
  const doubled = seen.length - new Set(seen).size;
  return [
    ...lost === 0 ? [] : [`${lost} frames were answered durable and are not in the store`],
    ...doubled === 0 ? [] : [`${doubled} frames are in the store twice`],
  ];
}
