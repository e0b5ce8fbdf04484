/** Certificates that are replaced on disk while a real agent posts to a real relay: nothing ends, nothing is lost. */
import { deepStrictEqual as equal, notStrictEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { readVehicleLeaf } from "#proto/base/certificate.ts";
import { developmentAuthority, validity } from "../dev/authority.ts";
import { pathsOf } from "../dev/layout.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { isGood } from "../soak/account.ts";
import { runRig } from "../soak/io/rig.ts";
import { pause } from "../soak/pause.ts";
import { resultText } from "../soak/report.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const total = 6_000;
const seconds = 45;
const vehicle = "drone-001";

interface CertificateView {
  readonly serial: string;
  readonly days_left: number;
  readonly fault: string | null;
}

/** What the agent says of its certificate, and of its link. */
async function statusOf(system: TestSystem): Promise<{ link: string; certificate: CertificateView }> {
  return await (await fetch(`${system.agentUrl()}/v1/status`)).json();
}

/** The relay's figures whose names begin so, summed over their labels. */
async function relaySum({ layout }: TestSystem, name: string): Promise<number> {
  const text = await tryFetch(`http://127.0.0.1:${layout.ports.relayPrivate}/metrics`) ?? "";
  const samples = text.matchAll(new RegExp(`^systemscale_relay_${name}(?:\\{.*\\})? (\\S+)$`, "gm"));
  return Array.from(samples, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}

/** The files of the vehicle, and a new pair for them. */
async function newPair({ layout }: TestSystem) {
  const paths = pathsOf(layout.state);
  const leaf = await (await developmentAuthority(paths.pki)).issueVehicle(vehicle, validity());
  const at = (name: string) => join(paths.vehicle(vehicle), name);
  return {
    serial: readVehicleLeaf(leaf.chain[0]).serial,
    writeCertificate: () => Deno.writeTextFile(at("vehicle.crt"), leaf.chainPem),
    writeKey: () => Deno.writeTextFile(at("vehicle.key"), leaf.keyPem),
  };
}

/** First a certificate without its key, which must change nothing; then the key, which must move the link. */
async function renewVehicle(system: TestSystem): Promise<void> {
  const before = await statusOf(system);
  equal([before.link, before.certificate.fault], ["linked", null]);
  ok(before.certificate.days_left > 300, `${before.certificate.days_left}`);
  const logins = await relaySum(system, "logins_total");
  const pair = await newPair(system);
  notStrictEqual(pair.serial, before.certificate.serial);
  await pair.writeCertificate();
  const faulty = async () => (await statusOf(system)).certificate.fault ?? undefined;
  const fault = await waitFor("the complaint", faulty, patience);
  ok(/for another key/.test(fault), fault);
  equal((await statusOf(system)).certificate.serial, before.certificate.serial);
  equal(await relaySum(system, "logins_total"), logins);
  await pair.writeKey();
  const moved = async () => await relaySum(system, "logins_total") > logins || undefined;
  await waitFor("the new link", moved, patience);
  const after = await statusOf(system);
  equal([after.link, after.certificate.serial, after.certificate.fault], ["linked", pair.serial, null]);
}

/** Asks the agent again and again whether it is linked, until the signal fires; how often it was not. */
async function countUnlinked(system: TestSystem, signal: AbortSignal): Promise<number> {
  let unlinked = 0;
  while (!signal.aborted) {
    if ((await statusOf(system)).link !== "linked") unlinked++;
    await pause(20, signal);
  }
  return unlinked;
}

Deno.test("a vehicle's certificate and key are replaced under load: the link moves, and every frame is stored once", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    let unlinked = -1;
    const trouble = async (signal: AbortSignal) => {
      const counting = countUnlinked(system, signal);
      await renewVehicle(system);
      unlinked = await counting;
    };
    const { findings, ...rest } = await runRig(system, { total, seconds, trouble });
    ok(isGood(findings), resultText({ findings, ...rest }));
    equal([findings.stored, findings.durable + rest.posts.buffered], [findings.durable, total]);
    const names = ["logins_total", "superseded_total", "logins_refused_total", "faults_total"];
    equal(await Promise.all(names.map((name) => relaySum(system, name))), [2, 1, 0, 0]);
    const sent = await relaySum(system, "records_total");
    console.log(
      `  ${findings.stored} frames, ${sent} records on the wire with the vehicle's own, not linked ${unlinked} times`,
    );
    equal(unlinked, 0);
  });
});
