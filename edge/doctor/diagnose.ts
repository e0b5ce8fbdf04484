/** Judges the evidence: a finding for each thing, in the order in which one stands on another. Pure. */
import { Fault } from "#proto/errors.ts";
import type { AgentConfig } from "../config.ts";
import { clockFinding, timeByRelays } from "./clock_finding.ts";
import type { AgentView, DiskEvidence, Evidence, MachineEvidence } from "./evidence.ts";
import { type Finding, good, inOrder } from "./finding.ts";
import { certificateFinding, identityFinding } from "./identity_findings.ts";
import { adviceOnRefusal } from "./refusal_advice.ts";
import { relayFindings } from "./relay_findings.ts";

const MiB = 1024 * 1024;
/** From then on a ring counts as full. */
const fullShare = 0.98;

/** All findings. */
export function diagnose({ file, config, machine }: Evidence): Finding[] {
  if (config instanceof Fault || machine === undefined) return [configFinding(file, config)];
  const { leaf, clock, disk, agent, relays } = machine;
  const identity = identityFinding(leaf);
  const nowMs = Number((timeByRelays(relays) ?? clock.wallNs) / 1_000_000n);
  return inOrder([
    configFinding(file, config),
    identity,
    clockFinding(clock, { leaf, relays }),
    ...(leaf instanceof Fault ? [] : [certificateFinding(leaf, nowMs)]),
    diskFinding(disk, config),
    ringFinding(machine, config),
    ...relayFindings(relays),
    ...linkFindings(agent),
  ]);
}

function configFinding(file: string, config: Readonly<AgentConfig> | Fault): Finding {
  if (!(config instanceof Fault)) return good("config", `${file} is good`);
  const advice = "Correct the file; systemscale-agent --check-config tells all faults of it.";
  return { check: "config", state: "bad", cause: "config_bad", says: config.message, advice };
}

function diskFinding({ path, fault, freeBytes, ringBytes }: DiskEvidence, { ring }: AgentConfig): Finding {
  if (fault !== undefined) {
    const isFull = fault.code === "disk_full";
    const advice = isFull
      ? "Give the disk space; the agent is well again 2 s later."
      : "See whether the directory is there, is mounted, and belongs to the agent's user.";
    return { check: "disk", state: "bad", cause: isFull ? "disk_full" : "disk_failed", says: fault.message, advice };
  }
  const missing = ring.bytes - ringBytes - (freeBytes ?? Infinity);
  if (missing <= 0) return good("disk", `${path} takes writes, and has the space that the ring may need`);
  return {
    check: "disk",
    state: "warning",
    cause: "disk_short",
    says: `The disk under ${path} has ${mebibytes(missing)} less than the ring may come to need`,
    advice: "Give the disk space, or make ring.bytes smaller: a full disk counts as a full ring.",
  };
}

function ringFinding({ disk, agent }: MachineEvidence, { ring, sdk }: AgentConfig): Finding {
  const check = "ring";
  if (agent === undefined) {
    if (!disk.isHeld) return good(check, "No agent runs that would hold the ring");
    return {
      check,
      state: "bad",
      cause: "ring_in_use",
      says: `A process holds ${disk.path}, and no agent answers at ${sdk.address.host}:${sdk.address.port}`,
      advice: "Find out who holds it (fuser -v), or see in the agent's log why its local API does not answer.",
    };
  }
  if (agent.ringFault !== undefined) {
    const advice = "Records wait in memory meanwhile. See the disk's own errors (dmesg).";
    return { check, state: "bad", cause: "ring_refuses", says: `The ring takes no writes: ${agent.ringFault}`, advice };
  }
  const fill = `The ring holds ${Math.round(agent.ringFill * 100)} % of its ${mebibytes(ring.bytes)} without a verdict`;
  if (agent.ringFill < fullShare) return good(check, fill);
  const advice = "What is below tells why the cloud does not take it. A larger ring.bytes lasts longer.";
  return ring.when_full === "refuse"
    ? { check, state: "bad", cause: "ring_full", says: `${fill}: new frames are refused`, advice }
    : {
      check,
      state: "warning",
      cause: "ring_overwrites",
      says: `${fill}: the oldest are given up, and named`,
      advice,
    };
}

function linkFindings(agent: AgentView | undefined): Finding[] {
  const check = "link";
  if (agent === undefined) return [good(check, "No agent runs whose link could be looked at")];
  const { link, linkReason, linkDetail, relayReady, backlogRecords } = agent;
  const backlog = `${backlogRecords} records wait on board`;
  if (link !== "linked") {
    const says = `The agent is not linked (${link}): ${linkDetail || "it has not said why"}; ${backlog}`;
    const told = { state: "bad", ...(linkReason && { code: linkReason }), says } as const;
    // What only a finished login tells, the agent has heard.
    const advice = linkReason && adviceOnRefusal(linkReason);
    if (advice !== undefined) return [{ check: "login", cause: "relay_refuses", ...told, advice }];
    const patience = "Wait a moment and run the doctor again; the agent's log tells each attempt.";
    return [{ check, cause: "agent_not_linked", ...told, advice: patience }];
  }
  if (relayReady !== false) return [good(check, `The agent is linked, the relay is ready; ${backlog}`)];
  const advice = "The fault is in the cloud: its log or its ingest is away. Nothing is lost meanwhile.";
  const says = `The agent is linked to a relay that cannot hand telemetry on; ${backlog}`;
  return [{ check, state: "warning", cause: "relay_not_ready", says, advice }];
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MiB)} MiB`;
}
