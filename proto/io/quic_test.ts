import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { encodeFrame, frameKinds } from "../frame.ts";
import { closeOf, codeOfEnd } from "../link_end.ts";
import type { Link, Listener } from "../ports.ts";
import { type Authority, type Leaf, makeAuthority } from "../testing/certificates.ts";
import { connect, testTransport, type TransportUnderTest } from "../testing/transport_suite.ts";
import { alpn } from "../transcript.ts";
import type { RenewableListener } from "./listener_options.ts";
import { quicDialer, quicListener } from "./quic.ts";

const node = "relay-1.test";
const never = new AbortController().signal;

interface Relay {
  readonly authority: Authority;
  readonly leaf: Leaf;
}

const makingRelay = (async (): Promise<Relay> => {
  const validity = validityNow();
  const authority = await makeAuthority("quic", validity);
  return { authority, leaf: await authority.issueRelay(node, validity) };
})();

function validityNow() {
  return { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
}

async function openQuic(): Promise<TransportUnderTest & Relay & { listener: RenewableListener }> {
  const relay = await makingRelay;
  const { chainPem: certPem, keyPem } = relay.leaf;
  const listener = quicListener({ hostname: "127.0.0.1", port: 0, certPem, keyPem });
  const target = { host: "127.0.0.1", port: listener.port, node, trust: [relay.authority.relayIssuer.certPem] };
  return { ...relay, listener, target, dialer: quicDialer(), run: (work) => work };
}

/** A stranger's connection without a Link around it. */
async function openBare() {
  const transport = await openQuic();
  const accepted = transport.listener.accept()[Symbol.asyncIterator]().next();
  const conn = await Deno.connectQuic<false>({
    hostname: "127.0.0.1",
    port: transport.listener.port,
    serverName: node,
    caCerts: [transport.authority.root.certPem],
    alpnProtocols: [alpn],
  });
  const { value: relay } = await accepted;
  ok(relay !== undefined);
  const send = async (stream: WritableStream<Uint8Array>, bytes: Uint8Array) => {
    const writer = stream.getWriter();
    await writer.write(bytes);
    return writer;
  };
  return { transport, conn, relay, send };
}

testTransport("quic", openQuic);

/** Takes so many links and keeps them. */
async function takeLinks(listener: Listener, count: number): Promise<Link[]> {
  const links: Link[] = [];
  for await (const link of listener.accept()) {
    links.push(link);
    if (links.length === count) break;
  }
  return links;
}

Deno.test("quic: a renewed certificate is shown to new links, old ones go on, and a pair that does not serve changes nothing", async () => {
  const { listener, target, dialer, leaf } = await openQuic();
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
  await old.write("control", encodeFrame(frameKinds.ping, { lane: "control", payload: new Uint8Array(1) }));
  strictEqual(await Promise.race([old.ended, Promise.resolve("lives")]), "lives");
  strictEqual((await taking).length, 3);
  await listener.close();
});

Deno.test("quic: a listener whose certificate was renewed goes on when the runtime collects its garbage", async () => {
  const { listener, target, dialer, authority } = await openQuic();
  const taking = takeLinks(listener, 2);
  const { chainPem: certPem, keyPem } = await authority.issueRelay(node, validityNow());
  for (let i = 0; i < 5; i++) listener.renew({ certPem, keyPem });
  await dialer.dial(target, never);
  garbageCollector()();
  await dialer.dial(target, AbortSignal.timeout(2_000));
  strictEqual((await taking).length, 2);
  await listener.close();
});

/** V8's, which a program cannot call otherwise. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

Deno.test("quic: no handshake is lost while the certificate is renewed again and again", async () => {
  const { listener, target, dialer, authority, leaf } = await openQuic();
  const taking = takeLinks(listener, 120);
  const other = await authority.issueRelay(node, validityNow());
  const pairs = [other, leaf].map(({ chainPem: certPem, keyPem }) => ({ certPem, keyPem }));
  let renewals = 0;
  const dials = Array.from({ length: 120 }, async (_, i) => {
    // One renewal amid the handshakes that are under way for every third of them.
    const dialling = dialer.dial(target, never);
    if (i % 3 === 0) await Promise.resolve().then(() => listener.renew(pairs[renewals++ % 2]));
    return await dialling;
  });
  strictEqual((await Promise.all(dials)).length, 120);
  strictEqual(renewals, 40);
  strictEqual((await taking).length, 120);
  await listener.close();
});

Deno.test("quic: a relay under another name, another issuer or the vehicles' issuer is refused", async () => {
  const { listener, target, dialer, authority } = await openQuic();
  const taking = (async () => {
    for await (const link of listener.accept()) link.close(closeOf());
  })();
  const stranger = await makeAuthority("stranger", validityNow());
  await rejects(dialer.dial({ ...target, node: "relay-2.test" }, never), { code: "link_dead" });
  await rejects(dialer.dial({ ...target, trust: [stranger.relayIssuer.certPem] }, never), { code: "link_dead" });
  await rejects(dialer.dial({ ...target, trust: [authority.vehicleIssuer.certPem] }, never), { code: "link_dead" });
  const link = await dialer.dial(target, never);
  strictEqual(codeOfEnd(await link.ended), undefined);
  await listener.close();
  await taking;
});

Deno.test("quic: a peer that speaks another protocol is refused", async () => {
  const { listener, authority } = await openQuic();
  const reasons: string[] = [];
  const dialed = Deno.connectQuic<false>({
    hostname: "127.0.0.1",
    port: listener.port,
    serverName: node,
    caCerts: [authority.root.certPem],
    alpnProtocols: ["h3"],
  });
  const taking = (async () => {
    for await (const link of listener.accept()) reasons.push(link.peer);
  })();
  await rejects(dialed);
  strictEqual(reasons.length, 0);
  await listener.close();
  await taking;
});

Deno.test("quic: a lane opened twice ends the link with a code", async () => {
  const { transport, conn, relay, send } = await openBare();
  for (let i = 0; i < 2; i++) {
    const stream = await conn.createBidirectionalStream();
    await send(stream.writable, encodeFrame(frameKinds.open, { lane: "control" }));
  }
  const { closeCode, reason } = await conn.closed;
  strictEqual(reason, "unexpected_frame");
  strictEqual(closeCode, closeOf("unexpected_frame").code);
  strictEqual((await relay.ended).by, "self");
  await transport.listener.close();
});

Deno.test("quic: a lane of the wrong direction ends the link with a code", async () => {
  const { transport, conn, relay, send } = await openBare();
  await send(await conn.createUnidirectionalStream(), encodeFrame(frameKinds.open, { lane: "command" }));
  strictEqual((await conn.closed).reason, "unexpected_frame");
  await relay.ended;
  await transport.listener.close();
});

Deno.test("quic: a stream that begins with anything else ends the link with a code", async () => {
  const { transport, conn, relay, send } = await openBare();
  const stream = await conn.createBidirectionalStream();
  await send(stream.writable, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  strictEqual((await conn.closed).reason, "frame_too_large");
  await relay.ended;
  await transport.listener.close();
});

Deno.test("quic: nobody gets more streams than there are lanes", async () => {
  const { transport, conn, relay } = await openBare();
  await conn.createBidirectionalStream();
  await conn.createBidirectionalStream();
  await rejects(conn.createBidirectionalStream(), RangeError);
  await conn.createUnidirectionalStream();
  await conn.createUnidirectionalStream();
  await rejects(conn.createUnidirectionalStream(), RangeError);
  conn.close({ closeCode: 0, reason: "" });
  await relay.ended;
  await transport.listener.close();
});

Deno.test("quic: a silent peer is gone after the idle time, by the network's hand", async () => {
  const { leaf, authority } = await makingRelay;
  const listener = quicListener({
    hostname: "127.0.0.1",
    port: 0,
    certPem: leaf.chainPem,
    keyPem: leaf.keyPem,
    idleMsMax: 150,
  });
  const dialer = quicDialer({ keepAliveMs: 60_000 });
  const target = { host: "127.0.0.1", port: listener.port, node, trust: [authority.relayIssuer.certPem] };
  const { vehicle, relay } = await connect({ dialer, listener, target, run: (work) => work });
  const [there, here] = await Promise.all([vehicle.ended, relay.ended]);
  strictEqual(there.by, "network");
  strictEqual(here.by, "network");
  strictEqual(codeOfEnd(here), "link_dead");
  await listener.close();
});

Deno.test("quic: a port in use and a key that does not fit are faults of the configuration", async () => {
  const { listener, leaf } = await openQuic();
  const { chainPem: certPem, keyPem } = leaf;
  throws(() => quicListener({ hostname: "127.0.0.1", port: listener.port, certPem, keyPem }), { code: "bad_config" });
  throws(() => quicListener({ hostname: "127.0.0.1", port: 0, certPem, keyPem: "no key" }), { code: "bad_config" });
  await listener.close();
});
