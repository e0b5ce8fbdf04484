/** A real relay that serves a genuine vehicle, first in quiet, then under attack by strangers of many kinds. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { type Authority, type Leaf, makeAuthority, type Validity } from "#proto/testing/certificates.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { figuresOf } from "../../../bench/relay_figures.ts";
import { startNatsPair } from "../../../e2e/nats_pair.ts";
import { patience } from "../../../e2e/patience.ts";
import { type RelayPorts, startRelay, writeRelayFolder } from "../../../e2e/relay_process.ts";
import { tryFetch, waitFor } from "../../../servers/wait.ts";
import type { Stretch } from "../curve.ts";
import type { PeersPlan } from "../peers/main.ts";

/** How long and how many. */
export interface AttackOptions {
  readonly quietSeconds: number;
  readonly attackSeconds: number;
  readonly stretchSeconds: number;
  readonly peers: number;
  readonly slowHttp: number;
  readonly onStretch?: (stretch: Stretch) => void;
}

/** What came of it. */
export interface AttackResult {
  readonly stretches: readonly Stretch[];
  /** How the genuine vehicle's link ended; undefined: it lives. */
  readonly vehicleEnd: string | undefined;
  readonly batches: { readonly sent: number; readonly received: number };
  /** Logins of another genuine vehicle during the attack, from an address of its own, and how long they took. */
  readonly logins: { tries: number; welcome: number; readonly ms: number[] };
  /** What the strangers counted last. */
  readonly strangers: Readonly<Record<string, unknown>>;
  /** The relay's metrics at the end. */
  readonly metrics: string;
}

const batchEveryMs = 50;
const recordsPerBatch = 10;
const loginEveryMs = 3_000;

/** Runs all of it. */
export async function runAttackRig(options: AttackOptions): Promise<AttackResult> {
  const pair = await startNatsPair();
  const nowMs = Date.now();
  const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 86_400_000 };
  const authority = await makeAuthority("attack", validity);
  const ports = await writeRelayFolder(pair, { authority, validity });
  const relay = startRelay(pair);
  const strangers = new Strangers();
  try {
    await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
    const genuine = await GenuineVehicle.link(ports, { authority, validity });
    const logins = { tries: 0, welcome: 0, ms: [] as number[] };
    const stretches: Stretch[] = [];
    const observe = async (seconds: number, isUnderAttack: boolean) => {
      for (let at = 0; at < seconds; at += options.stretchSeconds) {
        const batchMs = await genuine.streamFor(options.stretchSeconds * 1000);
        const seen = await lookAt(ports, relay.pid);
        const since = (stretches.at(-1)?.seconds ?? 0) + options.stretchSeconds;
        const stretch = { ...seen, seconds: since, isUnderAttack, batchMs };
        stretches.push(stretch);
        options.onStretch?.(stretch);
      }
    };
    await observe(options.quietSeconds, false);
    await strangers.start(join(pair.folder, "peers.json"), await planOf(ports, { authority, validity, options }));
    const stopLogins = new AbortController();
    const loggingIn = logInAgainAndAgain(ports, { authority, validity, logins, signal: stopLogins.signal });
    await observe(options.attackSeconds, true);
    stopLogins.abort();
    await loggingIn;
    return {
      stretches,
      vehicleEnd: genuine.end,
      batches: { sent: genuine.sent, received: genuine.received },
      logins,
      strangers: strangers.counts,
      metrics: await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "",
    };
  } finally {
    await strangers.stop();
    await relay.stop(5_000);
    await pair.stop();
  }
}

interface Issuing {
  readonly authority: Authority;
  readonly validity: Validity;
}

async function dialAs(ports: RelayPorts, { leaf, authority }: { leaf: Leaf; authority: Authority }) {
  const target = { host: "127.0.0.1", port: ports.quic, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const link = await quicDialer().dial(target, AbortSignal.timeout(10_000));
  return new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
}

/** Sends a batch now and then, and measures how long the log's word for it takes. */
class GenuineVehicle {
  sent = 0;
  received = 0;
  readonly #vehicle: TestVehicle;
  #nextSeq = 1;

  constructor(vehicle: TestVehicle) {
    this.#vehicle = vehicle;
  }

  static async link(ports: RelayPorts, { authority, validity }: Issuing): Promise<GenuineVehicle> {
    const vehicle = await dialAs(ports, { leaf: await authority.issueVehicle("drone-001", validity), authority });
    await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), patience);
    vehicle.useShape("live");
    return new GenuineVehicle(vehicle);
  }

  get end(): string | undefined {
    return this.#vehicle.end?.reason;
  }

  async streamFor(ms: number): Promise<number[]> {
    const timesMs: number[] = [];
    const until = performance.now() + ms;
    while (performance.now() < until && this.end === undefined) {
      const beginMs = performance.now();
      if (await this.#sendOne()) timesMs.push(performance.now() - beginMs);
      await pause(Math.max(0, batchEveryMs - (performance.now() - beginMs)));
    }
    return timesMs;
  }

  async #sendOne(): Promise<boolean> {
    const last = this.#nextSeq + recordsPerBatch - 1;
    this.#vehicle.sendBatch("live", { first: this.#nextSeq, last });
    this.#nextSeq = last + 1;
    this.sent += 1;
    const deadline = performance.now() + 10_000;
    while (performance.now() < deadline) {
      const isIn = this.#vehicle.messages("received").some(({ batches }) =>
        batches.some((batch) => batch.last === BigInt(last))
      );
      // What was heard is not needed any more, and would only grow.
      if (isIn) this.#vehicle.heard.splice(0);
      if (isIn) {
        this.received += 1;
        return true;
      }
      await pause(0);
    }
    return false;
  }
}

async function logInAgainAndAgain(
  ports: RelayPorts,
  { authority, validity, logins, signal }: Issuing & { logins: AttackResult["logins"]; signal: AbortSignal },
): Promise<void> {
  const leaf = await authority.issueVehicle("drone-002", validity);
  while (!signal.aborted) {
    logins.tries += 1;
    const beginMs = performance.now();
    try {
      const vehicle = await dialAs(ports, { leaf, authority });
      const outcome = await waitFor("an outcome", () => Promise.resolve(vehicle.outcome ?? vehicle.end), {
        timeoutMs: 15_000,
        stepMs: 5,
      });
      if ("kind" in outcome && outcome.kind === "welcome") {
        logins.welcome += 1;
        logins.ms.push(performance.now() - beginMs);
      }
      vehicle.close();
    } catch {
      // It did not get through; the count says so.
    }
    await pause(loginEveryMs);
  }
}

async function lookAt(ports: RelayPorts, supervisorPid: number) {
  const text = await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "";
  const gauge = (name: string) => Number(new RegExp(`${name}\\{shard="0"\\} (\\S+)`).exec(text)?.[1]);
  const status = await Deno.readTextFile(`/proc/${supervisorPid}/status`);
  return {
    shardBytes: figuresOf(text).residentBytes,
    supervisorBytes: 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]),
    halfOpen: gauge("links_half_open"),
    waiting: gauge("logins_waiting"),
  };
}

async function planOf(
  ports: RelayPorts,
  { authority, validity, options }: Issuing & { options: AttackOptions },
): Promise<PeersPlan> {
  const foreign = await (await makeAuthority("attack", validity)).issueVehicle("drone-001", validity);
  return {
    quicPort: ports.quic,
    httpPort: ports.private,
    trust: authority.relayIssuer.certPem,
    foreign: { ...foreign, chain: foreign.chain.map((der) => der.toBase64()) },
    peers: options.peers,
    slowHttp: options.slowHttp,
  };
}

/** The strangers' process. */
class Strangers {
  counts: Record<string, unknown> = {};
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<void> | undefined;

  async start(planFile: string, plan: PeersPlan): Promise<void> {
    await Deno.writeTextFile(planFile, JSON.stringify(plan));
    const program = fileURLToPath(new URL("../peers/main.ts", import.meta.url));
    this.#child = new Deno.Command("nice", {
      args: ["-n", "19", Deno.execPath(), "run", "-A", "--quiet", program, planFile],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read(this.#child.stdout);
  }

  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    try {
      this.#child.kill("SIGKILL");
    } catch (thrown) {
      // It has ended already.
      if (!(thrown instanceof TypeError)) throw thrown;
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      const last = lines.at(-1);
      if (last !== undefined) this.counts = JSON.parse(last);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
