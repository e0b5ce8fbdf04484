/** The proxy with plain datagrams, and with the real QUIC transport over it. */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { closeOf } from "#proto/link_end.ts";
import { quicDialer, quicListener } from "#proto/io/quic.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { connect, readBytes } from "#proto/testing/transport_suite.ts";
import type { PathConditions } from "./udp_path.ts";
import { startUdpProxy, type UdpProxy } from "./udp_proxy.ts";

const node = "relay-1.test";
const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };

function socketOn(port: number) {
  return Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" });
}

function proxyTo(port: number, conditions?: Partial<PathConditions>): UdpProxy {
  return startUdpProxy({ target: { hostname: "127.0.0.1", port }, random: seededRandom(1), conditions });
}

async function receiveFrom(socket: Deno.DatagramConn) {
  const [bytes, from] = await socket.receive(new Uint8Array(70_000));
  return { bytes, from: from as Deno.NetAddr };
}

Deno.test("datagrams of every size go there and back, and a rebind shows as another port", async () => {
  const [target, client] = [socketOn(0), socketOn(0)];
  const proxy = proxyTo((target.addr as Deno.NetAddr).port);
  const there = { hostname: "127.0.0.1", port: proxy.port, transport: "udp" } as const;
  const ports: number[] = [];
  for (const size of [1, 1_200, 60_000]) {
    await client.send(new Uint8Array(size).fill(size), there);
    const seen = await receiveFrom(target);
    deepEqual(seen.bytes, new Uint8Array(size).fill(size));
    deepEqual(proxy.sourcePorts(), [seen.from.port]);
    ports.push(seen.from.port);
    await target.send(seen.bytes, seen.from);
    const answer = await receiveFrom(client);
    deepEqual([answer.bytes, answer.from.port], [seen.bytes, proxy.port]);
    if (size === 1_200) proxy.rebind();
  }
  equal(ports[0], ports[1]);
  notEqual(ports[1], ports[2]);
  deepEqual([proxy.up.counts.passed, proxy.down.counts.passed], [3, 3]);
  await proxy.close();
  target.close();
  client.close();
});

Deno.test("copies arrive when the path says so, in both directions", async () => {
  const [target, client] = [socketOn(0), socketOn(0)];
  const proxy = proxyTo((target.addr as Deno.NetAddr).port);
  proxy.up.change({ duplication: 1, delayMs: 20 });
  const sentMs = performance.now();
  await client.send(new Uint8Array([9]), { hostname: "127.0.0.1", port: proxy.port, transport: "udp" });
  const first = await receiveFrom(target);
  ok(performance.now() - sentMs >= 19, `took ${performance.now() - sentMs} ms`);
  deepEqual((await receiveFrom(target)).bytes, first.bytes);
  proxy.down.change({ blocked: true });
  await target.send(first.bytes, first.from);
  while (proxy.down.counts.blocked === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await proxy.close();
  target.close();
  client.close();
});

/** A link of the real transport with the proxy between its ends. */
async function openLink(conditions: Partial<PathConditions>, options: { idleMsMax?: number } = {}) {
  const authority = await makeAuthority("proxy", validity);
  const { chainPem: certPem, keyPem } = await authority.issueRelay(node, validity);
  const listener = quicListener({ hostname: "127.0.0.1", port: 0, certPem, keyPem, ...options });
  const proxy = proxyTo(listener.port, conditions);
  const target = { host: "127.0.0.1", port: proxy.port, node, trust: [authority.relayIssuer.certPem] };
  const dialer = quicDialer({ ...options, keepAliveMs: 50 });
  const links = await connect({ dialer, listener, target, run: (work) => work });
  const close = async () => {
    links.vehicle.close(closeOf());
    await Promise.all([links.vehicle.ended, links.relay.ended]);
    await listener.close();
    await proxy.close();
  };
  return { ...links, proxy, close };
}

/** Bytes that no other place of the sequence repeats soon. */
function sequence(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7) & 0xff);
}

const poor = { loss: 0.05, duplication: 0.05, reordering: 0.05, overtakenMs: 5, delayMs: 1, jitterMs: 2 };

Deno.test("QUIC carries everything whole over loss, delay, reordering and duplication, and through a rebind", async () => {
  const { vehicle, relay, proxy, close } = await openLink(poor);
  const half = sequence(128 * 1024);
  for (const lane of ["live", "backfill"] as const) {
    const portsBefore = proxy.sourcePorts();
    const written = vehicle.write(lane, half).then(() => {
      proxy.rebind();
      return vehicle.write(lane, half);
    });
    deepEqual(await readBytes(relay, { lane, count: half.length }), half);
    deepEqual(await readBytes(relay, { lane, count: half.length }), half);
    await written;
    notEqual(proxy.sourcePorts()[0], portsBefore[0]);
  }
  await relay.write("control", half.subarray(0, 1000));
  deepEqual(await readBytes(vehicle, { lane: "control", count: 1000 }), half.subarray(0, 1000));
  ok(proxy.up.counts.lost > 0 && proxy.down.counts.lost > 0, JSON.stringify([proxy.up.counts, proxy.down.counts]));
  await close();
});

Deno.test("a blocked network ends a link by the network's hand, at both ends", async () => {
  const { vehicle, relay, proxy, close } = await openLink({}, { idleMsMax: 300 });
  proxy.change({ blocked: true });
  deepEqual((await Promise.all([vehicle.ended, relay.ended])).map(({ by }) => by), ["network", "network"]);
  ok(proxy.up.counts.blocked > 0);
  await close();
});
