import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { encodeFrame, frameKinds } from "../frame.ts";
import { closeOf } from "../link_end.ts";
import { laneWindowBytes } from "../limits.ts";
import type { Link, Listener } from "../ports.ts";
import { type Authority, type Leaf, makeAuthority } from "../testing/certificates.ts";
import { connect, readBytes, testTransport, type TransportUnderTest } from "../testing/transport_suite.ts";
import { alpn } from "../transcript.ts";
import type { RenewableListener } from "./listener_options.ts";
import { tlsDialer, tlsListener, type TlsListenerOptions } from "./tls.ts";

const node = "relay-1.test";
const never = new AbortController().signal;

interface Relay {
  readonly authority: Authority;
  readonly leaf: Leaf;
}

const makingRelay = (async (): Promise<Relay> => {
  const authority = await makeAuthority("tls", validityNow());
  return { authority, leaf: await authority.issueRelay(node, validityNow()) };
})();

function validityNow() {
  return { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
}

async function openTls(
  options: Partial<TlsListenerOptions> = {},
): Promise<TransportUnderTest & Relay & { listener: RenewableListener }> {
  const relay = await makingRelay;
  const { chainPem: certPem, keyPem } = relay.leaf;
  const listener = await tlsListener({ hostname: "127.0.0.1", port: 0, certPem, keyPem, ...options });
  const target = { host: "127.0.0.1", port: listener.port, node, trust: [relay.authority.relayIssuer.certPem] };
  return { ...relay, listener, target, dialer: tlsDialer(), run: (work) => work };
}

testTransport("tls", () => openTls());

/** Takes so many links and keeps them. */
async function takeLinks(listener: Listener, count: number): Promise<Link[]> {
  const links: Link[] = [];
  for await (const link of listener.accept()) {
    links.push(link);
    if (links.length === count) break;
  }
  return links;
}

/** A stranger's TLS connection; tells how its handshake ended. */
function stranger(port: number, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connectTls({ host: "127.0.0.1", port, servername: node, ca: [ca], ALPNProtocols: [alpn], ...options });
  socket.once("secureConnect", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume();
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
  });
}

Deno.test("tls: a renewed certificate is shown to new links, old ones go on, and a pair that does not serve changes nothing", async () => {
  const { listener, target, dialer, leaf } = await openTls();
  const taking = takeLinks(listener, 3);
  const old = await dialer.dial(target, never);
  const other = await makeAuthority("renewed", validityNow());
  const fresh = await other.issueRelay(node, validityNow());
  throws(() => listener.renew({ certPem: fresh.chainPem, keyPem: leaf.keyPem }), { code: "bad_config" });
  throws(() => listener.renew({ certPem: "none", keyPem: fresh.keyPem }), { code: "bad_config" });
  await dialer.dial(target, never);
  listener.renew({ certPem: fresh.chainPem, keyPem: fresh.keyPem });
  await rejects(dialer.dial(target, never), { code: "link_dead" });
  await dialer.dial({ ...target, trust: [other.relayIssuer.certPem] }, never);
  await old.write("control", new Uint8Array(1));
  strictEqual(await Promise.race([old.ended, Promise.resolve("lives")]), "lives");
  strictEqual((await taking).length, 3);
  await listener.close();
});

Deno.test("tls: a relay under another name, another issuer or the vehicles' issuer is refused", async () => {
  const { listener, target, dialer, authority } = await openTls();
  const taking = (async () => {
    for await (const link of listener.accept()) link.close(closeOf());
  })();
  const other = await makeAuthority("stranger", validityNow());
  await rejects(dialer.dial({ ...target, node: "relay-2.test" }, never), { code: "link_dead" });
  await rejects(dialer.dial({ ...target, trust: [other.relayIssuer.certPem] }, never), { code: "link_dead" });
  await rejects(dialer.dial({ ...target, trust: [authority.vehicleIssuer.certPem] }, never), { code: "link_dead" });
  const link = await dialer.dial(target, never);
  strictEqual((await link.ended).by, "peer");
  await listener.close();
  await taking;
});

Deno.test("tls: a peer that speaks another protocol, none or an older TLS is not let in", async () => {
  const { listener, authority } = await openTls();
  const links: Link[] = [];
  const taking = (async () => {
    for await (const link of listener.accept()) links.push(link);
  })();
  const ca = authority.root.certPem;
  await rejects(stranger(listener.port, ca, { ALPNProtocols: ["h3"] }));
  await rejects(stranger(listener.port, ca, { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }));
  const silent = await stranger(listener.port, ca, { ALPNProtocols: [] });
  await closed(silent);
  await listener.close();
  await taking;
  strictEqual(links.length, 0);
});

Deno.test("tls: who does not finish the handshake is closed after a while", async () => {
  const { listener } = await openTls({ handshakeMsMax: 50 });
  const socket = connectTcp(listener.port, "127.0.0.1");
  await closed(socket);
  await listener.close();
});

Deno.test("tls: no more handshakes than may be are under way, and each place is free again afterwards", async () => {
  const failed: string[] = [];
  let may = true;
  const { listener, target, dialer } = await openTls({
    handshakesMax: 2,
    mayShakeHands: () => may,
    handleFailedHandshake: (reason) => failed.push(reason),
  });
  const taking = takeLinks(listener, 1);
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket: Socket = connectTcp(listener.port, "127.0.0.1", () => resolve(socket));
    });
  const idle = [await open(), await open()];
  await rejects(dialer.dial(target, never), { code: "link_dead" });
  ok(failed.includes("too many handshakes at once"), failed.join());
  const gone = idle.map(closed);
  for (const socket of idle) socket.destroy();
  await Promise.all(gone);
  may = false;
  // The listener hears of their end when it does.
  const dialUntilRefused = async () => {
    while (!failed.includes("too many handshakes")) await dialer.dial(target, never).catch(() => undefined);
  };
  await dialUntilRefused();
  may = true;
  await dialer.dial(target, never);
  strictEqual((await taking).length, 1);
  await listener.close();
});

Deno.test("tls: a dial that is called off amid its handshake leaves no connection behind", async () => {
  const { target, listener: real } = await openTls();
  await real.close();
  const accepted = Promise.withResolvers<Deno.TcpConn>();
  const deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void deaf.accept().then(accepted.resolve);
  const calling = new AbortController();
  const dialling = tlsDialer().dial({ ...target, port: deaf.addr.port }, calling.signal);
  const conn = await accepted.promise;
  calling.abort(new Error("enough"));
  await rejects(dialling, { code: "link_dead" });
  const buffer = new Uint8Array(4096);
  const toEnd = async () => {
    while (await conn.read(buffer) !== null) { /* its greeting */ }
  };
  await toEnd().catch(() => undefined);
  conn.close();
  deaf.close();
});

Deno.test("tls: what does not belong on the stream ends the link with a code that the peer hears", async () => {
  const { listener, authority } = await openTls();
  const taking = takeLinks(listener, 1);
  const socket = await stranger(listener.port, authority.root.certPem);
  const [relay] = await taking;
  const gone = closed(socket);
  const said: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => said.push(chunk));
  for (let sent = 0; sent <= laneWindowBytes; sent += 16_000) {
    socket.write(encodeFrame(frameKinds.piece, { lane: "live", payload: new Uint8Array(16_000) }));
  }
  const { code, reason } = await relay.ended;
  strictEqual(reason, "unexpected_frame");
  strictEqual(code, closeOf("unexpected_frame").code);
  await gone;
  ok(new TextDecoder().decode(said.at(-1)).endsWith("unexpected_frame"));
  await listener.close();
});

Deno.test("tls: a connection that breaks ends the link by the network's hand", async () => {
  const { listener, authority } = await openTls();
  const taking = takeLinks(listener, 1);
  const socket = await stranger(listener.port, authority.root.certPem);
  const [relay] = await taking;
  socket.destroy();
  strictEqual((await relay.ended).by, "network");
  await rejects(relay.write("control", new Uint8Array(1)), { code: "link_dead" });
  await listener.close();
});

Deno.test("tls: a close waits for a peer that takes nothing, but not for long", async () => {
  const { listener, authority } = await openTls();
  const taking = takeLinks(listener, 1);
  const socket = await stranger(listener.port, authority.root.certPem);
  socket.pause();
  const [relay] = await taking;
  const writes = Array.from({ length: 8 }, () => relay.write("control", new Uint8Array(256 * 1024)));
  const told = Promise.allSettled(writes);
  relay.close(closeOf("draining"));
  strictEqual((await relay.ended).by, "self");
  ok((await told).some(({ status }) => status === "rejected"));
  socket.destroy();
  await listener.close();
});

Deno.test("tls: a megabyte goes through whole, both ways beside each other", async () => {
  const transport = await openTls();
  const { vehicle, relay } = await connect(transport);
  const bytes = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const send = async (link: Link, lane: "backfill" | "control") => {
    for (let i = 0; i < 32; i++) await link.write(lane, bytes);
  };
  const take = async (link: Link, lane: "backfill" | "control") => {
    for (let i = 0; i < 32; i++) {
      const read = await readBytes(link, { lane, count: bytes.byteLength });
      ok(read.every((byte, at) => byte === bytes[at]), `block ${i}`);
    }
  };
  await Promise.all([
    send(vehicle, "backfill"),
    take(relay, "backfill"),
    send(relay, "control"),
    take(vehicle, "control"),
  ]);
  await transport.listener.close();
});

Deno.test("tls: a port in use and a key that does not fit are faults of the configuration", async () => {
  const { listener, leaf } = await openTls();
  const { chainPem: certPem, keyPem } = leaf;
  const at = { hostname: "127.0.0.1", certPem, keyPem };
  await rejects(tlsListener({ ...at, port: listener.port }), { code: "bad_config" });
  await rejects(tlsListener({ ...at, port: 0, keyPem: "no key" }), { code: "bad_config" });
  await listener.close();
});
