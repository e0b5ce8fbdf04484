import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { encodeFrame, frameKinds } from "./frame.ts";
import type { Hello } from "./gen/systemscale/link/v1/login_pb.ts";
import { parseEpoch } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { linkHeaderBytes, loginTimeoutMs } from "./limits.ts";
import { decodeMessage, encodeMessage, type MessageInit } from "./link_message.ts";
import type { AcceptedLogin, RelayLogin, RelayLoginStep } from "./relay_login.ts";
import { signerOf } from "./signature.ts";
import { frameOf, makeLoginFixture } from "./testing/login.ts";
import { makeAuthority } from "./testing/certificates.ts";
import { certificateCheck } from "./base/certificate.ts";
import { verifyTranscript } from "./transcript.ts";
import type { VehicleLogin, VehicleLoginStep } from "./vehicle_login.ts";

const fixture = await makeLoginFixture();
const { now, random } = fixture;
const welcome: MessageInit<"welcome"> = {
  session: new Uint8Array(16),
  liveWindowBytes: 1,
  backfillWindowBytes: 1,
  batchBytesMax: 1,
  heartbeatIntervalMs: 5000,
};

function after(ms: number): Instant {
  return { wallNs: now.wallNs + BigInt(ms) * 1_000_000n, uptimeMs: now.uptimeMs + ms };
}

function sent(step: VehicleLoginStep | RelayLoginStep): Uint8Array {
  ok(step.kind === "send", `goes on instead of ${JSON.stringify(step, (_, v) => typeof v === "bigint" ? `${v}` : v)}`);
  return step.bytes;
}

/** Runs a login up to the relay's last word. */
function logIn(vehicle: VehicleLogin, relay: RelayLogin): RelayLoginStep {
  const challenge = relay.handleFrame(frameOf(vehicle.start()), now);
  if (challenge.kind !== "send") return challenge;
  return relay.handleFrame(frameOf(sent(vehicle.handleFrame(frameOf(challenge.bytes), now))), now);
}

function accepted(step: RelayLoginStep): AcceptedLogin {
  ok(step.kind === "accept", step.kind === "refuse" ? step.detail : step.kind);
  return step.login;
}

/** A Hello with changes, as a stranger would send it. */
function helloWith(change: Partial<Hello>): Uint8Array {
  const hello = decodeMessage("hello", fixture.vehicle().start().subarray(linkHeaderBytes));
  return encodeMessage("hello", { ...hello, ...change });
}

function codeFor(helloFrame: Uint8Array, relay = fixture.relay()): string {
  const step = relay.handleFrame(frameOf(helloFrame), now);
  return step.kind === "refuse" ? step.code : step.kind;
}

for (const algorithm of ["ed25519", "p256"] as const) {
  Deno.test(`a vehicle with an ${algorithm} key logs in and the transcript verifies for others`, async () => {
    const own = await makeLoginFixture({ algorithm });
    const vehicle = own.vehicle({ linkCounter: 7n });
    const login = accepted(logIn(vehicle, own.relay()));
    strictEqual(login.vehicle, "drone-001");
    strictEqual(login.fields.linkCounter, 7n);
    strictEqual(login.fields.uptimeNs, BigInt(now.uptimeMs * 1e6));
    strictEqual(login.hello.agentVersion, "0.1.0");
    const nowMs = Number(now.wallNs / 1_000_000n);
    const checkChain = certificateCheck({ roots: [own.authority.root.certPem] });
    const verified = verifyTranscript(login.transcript, { checkChain, nowMs });
    ok(verified.ok);
    strictEqual(verified.vehicle, "drone-001");
    const step = vehicle.handleFrame(frameOf(encodeMessage("welcome", welcome)), now);
    ok(step.kind === "welcome");
    deepStrictEqual(step.challenge, login.challenge);
  });
}

Deno.test("a proof made for one node is worthless at another", () => {
  const forwarded = fixture.relay({ node: "relay-2.test" }).handleFrame(frameOf(fixture.vehicle().start()), now);
  ok(forwarded.kind === "refuse");
  strictEqual(forwarded.code, "wrong_node");
  strictEqual(forwarded.claimed, "drone-001");
  const vehicle = fixture.vehicle({ node: "relay-2.test" });
  const stolen = fixture.relay({ node: "relay-1.test" }).handleFrame(frameOf(fixture.vehicle().start()), now);
  const step = vehicle.handleFrame(frameOf(sent(stolen)), now);
  ok(step.kind === "refused" && step.by === "vehicle");
  strictEqual(step.code, "wrong_node");
});

Deno.test("a proof answers one challenge only", () => {
  const vehicle = fixture.vehicle();
  const first = sent(fixture.relay().handleFrame(frameOf(vehicle.start()), now));
  const proof = sent(vehicle.handleFrame(frameOf(first), now));
  const again = fixture.relay();
  sent(again.handleFrame(frameOf(vehicle.start()), now));
  const step = again.handleFrame(frameOf(proof), now);
  ok(step.kind === "refuse");
  strictEqual(step.code, "bad_proof");
  strictEqual(step.claimed, "drone-001");
});

Deno.test("another TLS certificate than the one signed along voids the proof", () => {
  const vehicle = fixture.vehicle();
  const nonce = random.bytes(32);
  const [real, other] = [fixture.relay({ nonce }), fixture.relay({ nonce, tlsCertificateSha256: random.bytes(32) })];
  sent(real.handleFrame(frameOf(vehicle.start()), now));
  const challenge = sent(other.handleFrame(frameOf(vehicle.start()), now));
  const step = real.handleFrame(frameOf(sent(vehicle.handleFrame(frameOf(challenge), now))), now);
  ok(step.kind === "refuse" && step.code === "bad_proof");
});

Deno.test("another vehicle's certificate without its key is refused", async () => {
  const nowMs = Number(now.wallNs / 1_000_000n);
  const other = await fixture.authority.issueVehicle("drone-002", { notBeforeMs: nowMs, notAfterMs: nowMs + 1e6 });
  const step = logIn(fixture.vehicle({ chain: other.chain }), fixture.relay());
  ok(step.kind === "refuse");
  strictEqual(step.code, "bad_proof");
  strictEqual(step.claimed, "drone-002");
});

Deno.test("a certificate of a stranger's root is refused and its claim is told", async () => {
  const nowMs = Number(now.wallNs / 1_000_000n);
  const validity = { notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 1e6 };
  const leaf = await (await makeAuthority("login", validity)).issueVehicle("drone-001", validity);
  const step = logIn(fixture.vehicle({ chain: leaf.chain, signer: signerOf(leaf.keyPem) }), fixture.relay());
  ok(step.kind === "refuse");
  strictEqual(step.code, "unknown_issuer");
  strictEqual(step.claimed, "drone-001");
});

Deno.test("each fault of a Hello has its code", () => {
  const faults: [Partial<Hello>, string][] = [
    [{ versions: [] }, "version_mismatch"],
    [{ versions: [2, 3] }, "version_mismatch"],
    [{ versions: [3, 1] }, "send"],
    [{ nonce: new Uint8Array(31) }, "bad_hello"],
    [{ boot: new Uint8Array(0) }, "bad_hello"],
    [{ chain: [] }, "bad_hello"],
    [{ chain: new Array(4).fill(fixture.leaf.chain[0]) }, "bad_hello"],
    [{ chain: [new Uint8Array(4097)] }, "bad_hello"],
    [{ chain: [new Uint8Array(100)] }, "bad_certificate"],
    [{ chain: [fixture.leaf.chain[0]] }, "unknown_issuer"],
    [{ node: "" }, "bad_hello"],
    [{ node: "relay 1\n" }, "bad_hello"],
    [{ node: "relay-2.test" }, "wrong_node"],
    [{ epoch: 0n }, "bad_hello"],
    [{ epoch: 2n ** 63n }, "bad_hello"],
    [{ ancestors: new Array(17).fill(1n) }, "bad_hello"],
    [{ ancestors: [0n] }, "bad_hello"],
    [{ agentVersion: "x".repeat(65) }, "bad_hello"],
  ];
  for (const [change, code] of faults) strictEqual(codeFor(helloWith(change)), code, Object.keys(change)[0]);
  strictEqual(
    codeFor(encodeFrame(frameKinds.hello, { lane: "control", payload: new Uint8Array([0xff]) })),
    "bad_hello",
  );
});

Deno.test("frames out of turn end the login on either side", () => {
  strictEqual(codeFor(encodeFrame(frameKinds.proof, { lane: "control" })), "unexpected_frame");
  strictEqual(codeFor(encodeFrame(frameKinds.batch, { lane: "live" })), "unexpected_frame");
  const relay = fixture.relay();
  sent(relay.handleFrame(frameOf(fixture.vehicle().start()), now));
  strictEqual(codeFor(fixture.vehicle().start(), relay), "unexpected_frame");
  for (const early of [encodeMessage("welcome", welcome), encodeMessage("ping", {}), fixture.vehicle().start()]) {
    const step = fixture.vehicle().handleFrame(frameOf(early), now);
    ok(step.kind === "refused" && step.code === "unexpected_frame" && step.by === "vehicle");
  }
});

Deno.test("each fault of a Proof is a bad proof", () => {
  const good = { fields: new Uint8Array(0), signature: new Uint8Array(64) };
  const faults = [
    encodeMessage("proof", good),
    encodeMessage("proof", { ...good, signature: new Uint8Array(63) }),
    encodeMessage("proof", { ...good, fields: new Uint8Array([0xff]) }),
    encodeMessage("proof", { ...good, fields: new Uint8Array(65) }),
    encodeFrame(frameKinds.proof, { lane: "control", payload: new Uint8Array([0xff]) }),
  ];
  for (const fault of faults) {
    const relay = fixture.relay();
    sent(relay.handleFrame(frameOf(fixture.vehicle().start()), now));
    strictEqual(codeFor(fault, relay), "bad_proof");
  }
});

Deno.test("both sides give up at the deadline, also when a frame comes too late", () => {
  const late = after(loginTimeoutMs);
  const [vehicle, relay] = [fixture.vehicle(), fixture.relay()];
  strictEqual(vehicle.poll(after(loginTimeoutMs - 1)), undefined);
  strictEqual(vehicle.poll(late)?.code, "login_timeout");
  strictEqual(vehicle.poll(late), undefined, "once");
  strictEqual(relay.poll(after(loginTimeoutMs - 1)), undefined);
  const step = relay.handleFrame(frameOf(fixture.vehicle().start()), late);
  ok(step.kind === "refuse" && step.code === "login_timeout");
  strictEqual(relay.poll(late), undefined, "once");
});

Deno.test("the relay's refusal reaches the vehicle with code, detail and pace", () => {
  const vehicle = fixture.vehicle();
  const relay = fixture.relay();
  sent(vehicle.handleFrame(frameOf(sent(relay.handleFrame(frameOf(vehicle.start()), now))), now));
  const refusal = relay.refuse({ code: "certificate_revoked", detail: "revoked on Monday" });
  strictEqual(refusal.claimed, "drone-001");
  deepStrictEqual(vehicle.handleFrame(frameOf(refusal.bytes), now), {
    kind: "refused",
    by: "relay",
    code: "certificate_revoked",
    detail: "revoked on Monday",
    retryAfterMs: 0,
  });
  const busy = frameOf(fixture.relay().refuse({ code: "busy", detail: "full" }).bytes);
  const step = fixture.vehicle().handleFrame(busy, now);
  ok(step.kind === "refused" && step.retryAfterMs > 0);
});

Deno.test("a refusal by a code of a later version stays readable", () => {
  const bytes = encodeMessage("refuse", { code: "too_windy", detail: "x".repeat(9999), retryAfterMs: 1 });
  const step = fixture.vehicle().handleFrame(frameOf(bytes), now);
  ok(step.kind === "refused" && step.code === "unavailable");
  ok(step.detail.startsWith("too_windy: xxx") && step.detail.length < 1000);
});

Deno.test("a redirect is followed when it names host and port", () => {
  const step = fixture.vehicle().handleFrame(
    frameOf(encodeMessage("redirect", { node: "relay-9.example", port: 443 })),
    now,
  );
  ok(step.kind === "redirect");
  strictEqual(step.redirect.node, "relay-9.example");
  for (const bad of [{ node: "relay 9", port: 443 }, { node: "relay-9", port: 0 }, { node: "relay-9", port: 70_000 }]) {
    strictEqual(fixture.vehicle().handleFrame(frameOf(encodeMessage("redirect", bad)), now).kind, "refused");
  }
});

Deno.test("a challenge or welcome that lacks something is refused by the vehicle", () => {
  const challenge = {
    version: 1,
    nonce: new Uint8Array(32),
    node: "relay-1.test",
    tlsCertificateSha256: new Uint8Array(32),
  };
  const faults: [MessageInit<"challenge">, string][] = [
    [{ ...challenge, version: 2 }, "version_mismatch"],
    [{ ...challenge, nonce: new Uint8Array(8) }, "bad_message"],
    [{ ...challenge, tlsCertificateSha256: new Uint8Array(0) }, "bad_message"],
    [{ ...challenge, node: "relay-2.test" }, "wrong_node"],
  ];
  for (const [fault, code] of faults) {
    const step = fixture.vehicle().handleFrame(frameOf(encodeMessage("challenge", fault)), now);
    strictEqual(step.kind === "refused" ? step.code : step.kind, code);
  }
  for (const lacking of ["session", "liveWindowBytes", "batchBytesMax", "heartbeatIntervalMs"]) {
    const vehicle = fixture.vehicle();
    sent(vehicle.handleFrame(frameOf(encodeMessage("challenge", challenge)), now));
    const step = vehicle.handleFrame(frameOf(encodeMessage("welcome", { ...welcome, [lacking]: undefined })), now);
    strictEqual(step.kind === "refused" ? step.code : step.kind, "bad_message", lacking);
  }
});

Deno.test("more ancestors than fit are cut off at the far end", () => {
  const ancestors = Array.from({ length: 40 }, (_, i) => parseEpoch(BigInt(i + 1)));
  const hello = decodeMessage("hello", fixture.vehicle({ ancestors }).start().subarray(linkHeaderBytes));
  deepStrictEqual(hello.ancestors, ancestors.slice(0, 16));
});

Deno.test("a transcript does not verify with another part, another time or another root", async () => {
  const login = accepted(logIn(fixture.vehicle(), fixture.relay()));
  const other = accepted(logIn(fixture.vehicle(), fixture.relay())).transcript;
  const { transcript } = login;
  const nowMs = Number(now.wallNs / 1_000_000n);
  const checkChain = certificateCheck({ roots: [fixture.authority.root.certPem] });
  const codeOf = (parts: Partial<typeof transcript>, options = { checkChain, nowMs }) => {
    const verdict = verifyTranscript({ ...transcript, ...parts }, options);
    return verdict.ok ? "ok" : verdict.code;
  };
  strictEqual(codeOf({}), "ok");
  strictEqual(codeOf({ hello: other.hello }), "bad_proof");
  strictEqual(codeOf({ challenge: other.challenge }), "bad_proof");
  strictEqual(codeOf({ proof: other.proof }), "bad_proof");
  strictEqual(codeOf({}, { checkChain, nowMs: nowMs + 1e9 }), "certificate_expired");
  const stranger = await makeAuthority("s", { notBeforeMs: nowMs - 1e6, notAfterMs: nowMs + 1e6 });
  strictEqual(
    codeOf({}, { checkChain: certificateCheck({ roots: [stranger.root.certPem] }), nowMs }),
    "unknown_issuer",
  );
});
