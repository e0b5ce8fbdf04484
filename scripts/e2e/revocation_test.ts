import { equal, ok } from "node:assert/strict";
import { readX509 } from "#proto/base/x509.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { revokedSubject } from "#proto/subjects.ts";
import { type Authority, type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { MemoryCrl } from "#proto/testing/memory_crl.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";
import { startRelay, writeRelayFolder } from "./relay_process.ts";

/** Dials the relay and waits for its answer. */
async function dial(port: number, { authority, leaf }: { authority: Authority; leaf: Leaf }): Promise<TestVehicle> {
  const target = { host: "127.0.0.1", port, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const link = await quicDialer().dial(target, AbortSignal.timeout(5000));
  const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
  await waitFor("an answer", () => Promise.resolve(vehicle.outcome), patience);
  return vehicle;
}

/** An authority's CRL on loopback. */
function serveCrl(crl: MemoryCrl) {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ signal }) => new Response(new Uint8Array(await crl.fetch(signal))),
  );
}

Deno.test("a relay process cuts who is revoked after a push over NATS, long before its poll, and nobody else", async () => {
  const pair = await startNatsPair();
  const admin = await pair.connectAdmin();
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority("revocation e2e", validity);
  const crl = new MemoryCrl(authority.vehicleIssuer, systemClock());
  const server = serveCrl(crl);
  const list = { issuer: "vehicle_issuer.crt", url: `http://127.0.0.1:${server.addr.port}/crl` };
  const settings = { vehicle_issuers: ["vehicle_issuer.crt"], revocation: { crls: [list], poll_seconds: 300 } };
  const ports = await writeRelayFolder(pair, { authority, validity, settings });
  const relay = startRelay(pair);
  try {
    await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
    const leaves = await Promise.all(["drone-001", "drone-002"].map((id) => authority.issueVehicle(id, validity)));
    const [cut, kept] = await Promise.all(leaves.map((leaf) => dial(ports.quic, { authority, leaf })));
    crl.revoke(readX509(leaves[0].chain[0]).serial);
    admin.publish(revokedSubject);
    await waitFor("the end of the link", () => Promise.resolve(cut.end), patience);
    equal(cut.end?.reason, "certificate_revoked");
    const again = await dial(ports.quic, { authority, leaf: leaves[0] });
    ok(again.outcome?.kind === "refused" && again.outcome.code === "certificate_revoked");
    equal(kept.end, undefined);

    const metrics = await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "";
    for (
      const line of [
        'systemscale_relay_sessions_revoked_total{shard="0",code="certificate_revoked"} 1',
        'systemscale_relay_logins_refused_total{shard="0",code="certificate_revoked"} 1',
        'systemscale_relay_revocation_hints_total{shard="0"} 1',
        'systemscale_relay_crl_revoked{shard="0",issuer="revocation e2e vehicles"} 1',
      ]
    ) ok(metrics.includes(`${line}\n`), `${line} in:\n${metrics}`);
  } finally {
    await relay.stop(5000);
    await Promise.all([admin.close(), server.shutdown()]);
    await pair.stop();
  }
});
