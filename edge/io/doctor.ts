/** Collects what the doctor judges by. Changes nothing but for a small file in the ring's directory, which it removes. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { asFault, Fault, isCode } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { openLibc } from "#proto/io/libc.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { AgentView, ClockEvidence, DiskEvidence, Evidence, RelayEvidence } from "../doctor/evidence.ts";
import { type Credentials, readCredentials } from "../identity.ts";
import { doctorStatusMs } from "../limits.ts";
import { readTargets } from "../uplink/relay_targets.ts";
import { openDisk } from "./disk.ts";
import { type AgentFiles, readAgentFiles } from "./files.ts";
import { readPassedMoments } from "./passed_moments.ts";
import { probeRelay } from "./relay_probe.ts";

/** Of the file that shows whether the ring's directory takes writes. */
const probeName = "doctor";
const probeBytes = 4096;
/** What is not known is left out of the evidence; the doctor says what it found, the log says nothing. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Looks at all that the configuration names; takes 10 s at most. */
export async function collectEvidence(file: string, { agentVersion }: { agentVersion: string }): Promise<Evidence> {
  const files = orFault(() => readAgentFiles(file));
  if (files instanceof Fault) return { file, config: files };
  const { config } = files;
  const credentials = orFault(() => readCredentials(files, parseVehicleId(config.vehicle_id)));
  const [disk, agent] = await Promise.all([diskOf(files.ringPath), agentAt(config.sdk.address)]);
  const libc = openLibc();
  const clock = systemClock(libc);
  const machine = {
    leaf: credentials instanceof Fault ? credentials : credentials.leaf,
    clock: await clockOf(files, { credentials, clock, synchronized: libc?.clockSynchronized() ?? false }),
    disk,
    agent,
    relays: credentials instanceof Fault ? [] : await relaysOf(files, { credentials, clock, agentVersion }),
  };
  return { file, config, machine };
}

function orFault<T>(read: () => T): T | Fault {
  try {
    return read();
  } catch (thrown) {
    return asFault(thrown);
  }
}

async function clockOf(
  { ringPath }: AgentFiles,
  { credentials, clock, synchronized }: { credentials: Credentials | Fault; clock: Clock; synchronized: boolean },
): Promise<ClockEvidence> {
  const wallNs = clock.wallNs();
  if (credentials instanceof Fault) {
    return { wallNs, synchronized, passed: { build: undefined, ring: undefined, certificate: undefined } };
  }
  const passed = await readPassedMoments({ ringPath, leaf: credentials.chain[0], log: silent });
  return { wallNs, synchronized, passed };
}

async function diskOf(path: string): Promise<DiskEvidence> {
  const isHeld = await isHeldBySomebody(path);
  try {
    const ringBytes = await bytesIn(path);
    await tryWrite(path);
    const { bavail, bsize } = await statfs(path);
    return { path, fault: undefined, freeBytes: bavail * bsize, ringBytes, isHeld };
  } catch (thrown) {
    return { path, fault: faultOfDisk(path, thrown), freeBytes: undefined, ringBytes: 0, isHeld };
  }
}

async function isHeldBySomebody(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    await (await openDisk(path)).release();
    return false;
  } catch (thrown) {
    return thrown instanceof Fault && thrown.code === "ring_in_use";
  }
}

async function bytesIn(path: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isFile } of Deno.readDir(path)) {
    // A segment may go meanwhile.
    if (isFile) bytes += await Deno.stat(join(path, name)).then(({ size }) => size, () => 0);
  }
  return bytes;
}

async function tryWrite(path: string): Promise<void> {
  const name = join(path, probeName);
  try {
    using file = await Deno.open(name, { create: true, write: true, truncate: true });
    await file.write(new Uint8Array(probeBytes));
    await file.sync();
  } finally {
    await Deno.remove(name).catch(() => undefined);
  }
}

function faultOfDisk(path: string, thrown: unknown): Fault {
  const isFull = thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT");
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault(isFull ? "disk_full" : "disk_failed", `Cannot write into "${path}": ${reason}`, { cause: thrown });
}

/** What an agent answers at its local API; undefined when none does. */
async function agentAt({ host, port }: { host: string; port: number }): Promise<AgentView | undefined> {
  const at = host.includes(":") ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${at}:${port}/v1/status`, { signal: AbortSignal.timeout(doctorStatusMs) });
    return response.ok ? viewOf(await response.json()) : undefined;
  } catch {
    // Nobody is there, or somebody who is no agent.
    return undefined;
  }
}

function viewOf(status: Record<string, unknown>): AgentView {
  const { link, link_reason: reason, link_detail: detail, relay_ready: ready } = status;
  const ring = status.ring as Record<string, unknown>;
  const backlog = status.backlog as Record<string, unknown>;
  return {
    link: String(link),
    linkReason: typeof reason === "string" && isCode(reason) ? reason : undefined,
    linkDetail: String(detail),
    relayReady: typeof ready === "boolean" ? ready : undefined,
    ringFill: Number(ring.fill),
    ringFault: typeof ring.fault === "string" ? ring.fault : undefined,
    backlogRecords: Number(backlog.records),
  };
}

async function relaysOf(
  { config, relayRoots }: AgentFiles,
  { credentials, clock, agentVersion }: { credentials: Credentials; clock: Clock; agentVersion: string },
): Promise<RelayEvidence[]> {
  const random = systemRandom();
  const identity = { ...credentials, boot: random.bytes(16), agentVersion };
  const { relays } = readTargets(config.relay.addresses, relayRoots);
  return (await Promise.all(relays.map((target) => probeRelay(target, { identity, clock, random })))).flat();
}
