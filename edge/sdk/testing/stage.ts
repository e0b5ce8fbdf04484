/** The local API over an agent that keeps everything in memory. */
import type { Hono } from "hono";
import type { Class } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { AgentStatus } from "../../agent_status.ts";
import type { CommandDesk } from "../../commands/desk.ts";
import { Collector } from "../../collect/collector.ts";
import type { NewFrame } from "../../ring/ring.ts";
import { createSdkApp } from "../app.ts";

const epoch = parseEpoch(77n);

/** The time of the agent on stage. */
const nowNs = 1_780_000_000_000_000_000n;

/** A linked agent's snapshot. */
export const linkedStatus: AgentStatus = {
  vehicleId: parseVehicleId("drone-001"),
  agentVersion: "0.1.0",
  boot: "00",
  epoch,
  link: {
    state: "linked",
    reason: undefined,
    detail: "",
    node: "localhost",
    relay: "dev",
    transport: "tcp",
    ready: true,
    rttMs: 1.5,
    clockOffsetNs: 12n,
    linkedAtMs: 1,
  },
  ring: {
    bytesUsed: 1,
    bytesMax: 2,
    bytesReclaimable: 0,
    segments: 1,
    oldestTs: undefined,
    appendBytesPerSecond: 0,
    coverMs: undefined,
    buffered: 0,
    fault: undefined,
    fill: 0.5,
    hoursOfCover: undefined,
  },
  backlog: { records: 0, bytes: 0 },
  unsettled: [{ epoch, class: "normal", first: 3, records: 2 }],
  window: { live: { bytesUsed: 0, bytesMax: 1 }, backfill: { bytesUsed: 0, bytesMax: 1 } },
  lastAcks: { receivedAtMs: undefined, verdictAtMs: 5 },
  gone: { lost: 0, quarantined: 1 },
  certificate: { serial: "1f", notAfterMs: 1_780_086_400_000, daysLeft: 1, fault: undefined },
  commands: { software: undefined, waiting: 1, running: 0, stopped: false },
  clockOffsetNs: 0n,
};

/** What the agent on stage does. */
export interface StageOptions {
  /** Classes that its ring refuses. */
  readonly refuse?: readonly Class[];
  /** Classes that its disk is too slow for. */
  readonly buffer?: readonly Class[];
  readonly status?: AgentStatus;
  /** Commands; none by default. */
  readonly desk?: CommandDesk;
}

/** One frame that the agent took. */
export interface StagedFrame {
  readonly class: Class;
  readonly frame: NewFrame;
}

/** The API, what it was given, and the ways to ask it. */
export interface Stage {
  readonly app: Hono;
  readonly clock: VirtualClock;
  readonly taken: readonly StagedFrame[];
  /** How often the agent was called. */
  readonly calls: readonly Class[];
  /** What was told to the log as a failure. */
  readonly failures: readonly string[];
  post(body: BodyInit, headers?: Record<string, string>): Promise<{ status: number; type: string; body: Answer }>;
  request(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Response>;
}

/** An answer to a post, whatever it was. */
export interface Answer {
  readonly state?: string;
  readonly epoch?: string;
  readonly seq?: number;
  readonly count?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly pointer?: string;
  readonly results?: readonly {
    readonly seq?: number;
    readonly state?: string;
    readonly error?: { readonly code: string; readonly pointer: string };
  }[];
}

/** Sets the stage. */
export function makeStage({ refuse = [], buffer = [], status = linkedStatus, desk }: StageOptions = {}): Stage {
  const taken: StagedFrame[] = [];
  const calls: Class[] = [];
  const failures: string[] = [];
  const counts = new Map<Class, number>();
  const log: Log = { debug() {}, info() {}, warn() {}, error: (message) => failures.push(message) };
  const take = async (name: Class, frames: readonly NewFrame[]) => {
    calls.push(name);
    if (refuse.includes(name)) throw new Fault("ring_full", "Cannot take frames: ring is full");
    const first = (counts.get(name) ?? 0) + 1;
    const last = first + frames.length - 1;
    counts.set(name, last);
    taken.push(...frames.map((frame) => ({ class: name, frame })));
    const state = buffer.includes(name) ? "buffered" as const : "durable" as const;
    return await Promise.resolve({ epoch, first, last, state });
  };
  const clock = new VirtualClock();
  const agent = { nowNs: () => nowNs, status: () => status, take };
  const app = createSdkApp({
    ...{ agent, log, clock, collector: new Collector(), guardOrigin: true },
    commands: () => desk,
  });
  const request: Stage["request"] = async (path, init = {}) =>
    await app.request(`http://localhost:7777${path}`, {
      ...init,
      headers: { host: "localhost:7777", ...init.headers },
    });
  const post: Stage["post"] = async (body, headers = {}) => {
    const response = await request("/v1/log", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    return {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      body: await response.json(),
    };
  };
  return { app, clock, taken, calls, failures, post, request };
}
