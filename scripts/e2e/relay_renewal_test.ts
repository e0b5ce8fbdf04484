/** A relay process whose certificate and key are replaced: new links see the new one, old links go on, nobody restarts. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { tlsDialer } from "#proto/io/tls.ts";
import type { Dialer } from "#proto/ports.ts";
import { type Authority, type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";
import { startRelay, writeRelayFolder } from "./relay_process.ts";

/** Logs in; the relay signs in its Challenge which certificate it serves. */
async function dial(
  port: number,
  { authority, leaf, dialer = quicDialer() }: { authority: Authority; leaf: Leaf; dialer?: Dialer },
) {
  const target = { host: "127.0.0.1", port, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const link = await dialer.dial(target, AbortSignal.timeout(5000));
  const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
  const outcome = await waitFor("an answer", () => Promise.resolve(vehicle.outcome), patience);
  ok(outcome.kind === "welcome", outcome.kind);
  return { vehicle, served: outcome.challenge.tlsCertificateSha256.toHex() };
}

const hashOf = (leaf: Leaf) => createHash("sha256").update(leaf.chain[0]).digest("hex");

Deno.test("a relay process serves a renewed certificate without a restart, and never half of one", async () => {
  const pair = await startNatsPair();
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority("relay renewal e2e", validity);
  const ports = await writeRelayFolder(pair, { authority, validity });
  const figure = async (line: string) => {
    const text = await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "";
    return text.includes(`\n${line}\n`) || undefined;
  };
  const write = (name: string, text: string) => Deno.writeTextFile(join(pair.folder, name), text);
  const relay = startRelay(pair);
  try {
    await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
    const [first, second, third, fourth] = await Promise.all(
      ["drone-001", "drone-002", "drone-003", "drone-004"].map((id) => authority.issueVehicle(id, validity)),
    );
    const before = await dial(ports.quic, { authority, leaf: first });
    const fresh = await authority.issueRelay("localhost", { ...validity, notAfterMs: validity.notAfterMs - 60_000 });

    await write("relay.crt", fresh.chainPem);
    await waitFor("the complaint", () => figure('systemscale_relay_certificate_fault{shard="0"} 1'), patience);
    const between = await dial(ports.quic, { authority, leaf: second });
    equal(between.served, before.served);

    await write("relay.key", fresh.keyPem);
    const ends = `${Math.floor(validity.notAfterMs / 1000) - 60}`;
    const served = `systemscale_relay_certificate_not_after_seconds{shard="0"} ${ends}`;
    await waitFor("the new certificate", () => figure(served), patience);
    const after = await dial(ports.quic, { authority, leaf: third });
    equal(after.served, hashOf(fresh));
    ok(after.served !== before.served);
    const overTcp = await dial(ports.quic, { authority, leaf: fourth, dialer: tlsDialer() });
    equal(overTcp.served, after.served);
    // The heartbeat of an old link goes round once more.
    const pings = before.vehicle.messages("ping").length;
    await waitFor(
      "a ping",
      () => Promise.resolve(before.vehicle.messages("ping").length > pings || undefined),
      patience,
    );
    for (const { vehicle } of [before, between, after, overTcp]) equal(vehicle.end, undefined);
    ok(await figure('systemscale_relay_sessions_by_transport{shard="0",transport="quic"} 3'));
    ok(await figure('systemscale_relay_sessions_by_transport{shard="0",transport="tcp"} 1'));
    ok(await figure('systemscale_relay_certificate_fault{shard="0"} 0'));
  } finally {
    await relay.stop(5000);
    await pair.stop();
  }
});
