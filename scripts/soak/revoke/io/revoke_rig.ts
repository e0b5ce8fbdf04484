/** Vehicles of a real step-ca log in at a real relay and stream; each is revoked at some moment, and must be cut. */
import { certificatesOf } from "#proto/base/pem.ts";
import { readX509 } from "#proto/base/x509.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { relayNode, trustFilesOf } from "../../../dev/layout.ts";
import { freeLayout, type TestSystem, withSystem } from "../../../e2e/harness.ts";
import { certify, type IssuedLeaf, revoke } from "../../../servers/step_ca.ts";
import { waitFor } from "../../../servers/wait.ts";
import type { RevokeResult, RevokeTerms } from "../report.ts";

/** How many, and how. */
export interface RevokeOptions extends RevokeTerms {
  readonly times: number;
  /** Vehicles that are looked after at the same time. */
  readonly atOnce: number;
  readonly onCut?: (ms: number) => void;
}

const batchEveryMs = 50;
const recordsPerBatch = 10;
/** A vehicle streams at least so long before it is revoked, and at most two looks of the watch longer. */
const streamMs = 300;
const chanceMs = 1_000;

/** Runs all of it. */
export async function runRevokeRig({ times, atOnce, onCut, hints, pollSeconds }: RevokeOptions): Promise<RevokeResult> {
  const revocation = { hints, pollSeconds };
  const layout = { ...await freeLayout({ store: "sqlite" }), ca: "step-ca" as const, revocation };
  return await withSystem(layout, async (system) => {
    const bystander = await Streamer.logIn(await enrol("bystander", system), system);
    const result = { cutMs: [] as number[], ends: [] as string[], logins: [] as string[] };
    let next = 0;
    const work = async () => {
      while (next < times) {
        const one = await revokeOne(`drone-${1000 + next++}`, { system, patienceMs: 2_000 * pollSeconds });
        result.cutMs.push(one.cutMs);
        result.ends.push(one.end);
        result.logins.push(one.login);
        onCut?.(one.cutMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const bystanderEnd = bystander.vehicle.end?.reason;
    bystander.vehicle.close();
    return { ...result, bystanderEnd };
  });
}

async function revokeOne(name: string, { system, patienceMs }: { system: TestSystem; patienceMs: number }) {
  const leaf = await enrol(name, system);
  const { vehicle } = await Streamer.logIn(leaf, system);
  await pause(streamMs + Math.random() * chanceMs);
  const cut = Promise.withResolvers<number>();
  void vehicle.ended.then(() => cut.resolve(performance.now()));
  let beginMs = 0;
  const { serial } = readX509(certificatesOf(leaf.chainPem)[0]);
  await revoke(serial, system.running.stepCa!, () => beginMs = performance.now());
  await waitFor(`the cut of ${name}`, () => Promise.resolve(vehicle.end), { timeoutMs: patienceMs, stepMs: 5 });
  const again = await dial(leaf, system);
  const outcome = await waitFor("an answer", () => Promise.resolve(again.outcome), { timeoutMs: 10_000, stepMs: 5 });
  again.close();
  return {
    cutMs: await cut.promise - beginMs,
    end: vehicle.end?.reason ?? "",
    login: outcome.kind === "refused" ? outcome.code : outcome.kind,
  };
}

/** A vehicle that sends a batch now and then until its link ends. */
class Streamer {
  readonly vehicle: TestVehicle;

  private constructor(vehicle: TestVehicle) {
    this.vehicle = vehicle;
  }

  static async logIn(leaf: IssuedLeaf, system: TestSystem): Promise<Streamer> {
    const vehicle = await dial(leaf, system);
    await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), { timeoutMs: 10_000, stepMs: 5 });
    if (vehicle.outcome?.kind !== "welcome") throw new Error(`Cannot log in: ${JSON.stringify(vehicle.outcome)}`);
    const streamer = new Streamer(vehicle);
    void streamer.#stream();
    return streamer;
  }

  async #stream(): Promise<void> {
    this.vehicle.useShape("live");
    for (let first = 1; this.vehicle.end === undefined; first += recordsPerBatch) {
      this.vehicle.sendBatch("live", { first, last: first + recordsPerBatch - 1 });
      // What was heard is not needed, and would only grow.
      this.vehicle.heard.splice(0);
      await pause(batchEveryMs);
    }
  }
}

async function enrol(name: string, { running }: TestSystem): Promise<IssuedLeaf> {
  return await certify({ name, provisioner: "admin" }, { kind: "vehicles", stepCa: running.stepCa! });
}

async function dial({ chainPem, keyPem }: IssuedLeaf, { layout }: TestSystem): Promise<TestVehicle> {
  const trust = [await Deno.readTextFile(trustFilesOf(layout).relayIssuer)];
  const target = { host: "127.0.0.1", port: layout.ports.relay, node: relayNode, trust };
  const link = await quicDialer().dial(target, AbortSignal.timeout(10_000));
  const leaf = { chainPem, keyPem, certPem: chainPem, chain: certificatesOf(chainPem) };
  return new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: relayNode, leaf });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
