// Frames and login transcript of version 1, byte for byte. A published version never changes: a difference here means
// that a new version is needed, not a new file.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { certificateCheck } from "./base/certificate.ts";
import { encodeFrame, frameKinds } from "./frame.ts";
import { parseEpoch } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { encodeMessage } from "./link_message.ts";
import { encodeClose, encodeFlow } from "./mux/wire.ts";
import { RelayLogin } from "./relay_login.ts";
import { signerOf } from "./signature.ts";
import golden from "./testdata/link_v1.json" with { type: "json" };
import { frameOf } from "./testing/login.ts";
import { loginBytes } from "./transcript.ts";
import { VehicleLogin } from "./vehicle_login.ts";

const now: Instant = { wallNs: 1_780_000_000_123_456_789n, uptimeMs: 54321.5 };

/** Bytes that count up from a number. */
function count(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => from + i);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

Deno.test("the login of version 1 is what it always was", () => {
  const vehicle = new VehicleLogin({
    node: "relay-1.example",
    chain: golden.chain.map(bytesOf),
    signer: signerOf(golden.vehicleKey),
    nonce: count(32, 1),
    boot: count(16, 100),
    epoch: parseEpoch(1234567890123456789n),
    ancestors: [parseEpoch(77n), parseEpoch(78n)],
    linkCounter: 3n,
    agentVersion: "0.1.0",
  }, now);
  const relay = new RelayLogin({
    node: "relay-1.example",
    tlsCertificateSha256: count(32, 50),
    nonce: count(32, 200),
    checkChain: certificateCheck({ roots: [golden.root] }),
  }, now);
  strictEqual(hexOf(vehicle.start()), golden.hello);
  const challenge = relay.handleFrame(frameOf(bytesOf(golden.hello)), now);
  ok(challenge.kind === "send");
  strictEqual(hexOf(challenge.bytes), golden.challenge);
  const proof = vehicle.handleFrame(frameOf(bytesOf(golden.challenge)), now);
  ok(proof.kind === "send");
  strictEqual(hexOf(proof.bytes), golden.proof);
  const accepted = relay.handleFrame(frameOf(bytesOf(golden.proof)), now);
  ok(accepted.kind === "accept");
  const { hello, challenge: challenged, proof: { fields } } = accepted.login.transcript;
  strictEqual(hexOf(loginBytes({ hello, challenge: challenged, fields })), golden.signed);
});

Deno.test("the frames of version 1 are what they always were", () => {
  const range = { epoch: 5n, class: 2, ranges: [{ first: 1n, last: 9n }, { first: 12n, last: 12n }] };
  const passed = { live: 1n, backfill: 2n };
  const shape = count(16, 3);
  const windows = { liveWindowBytes: 1, backfillWindowBytes: 2, batchBytesMax: 3 };
  const times = { relayTimeNs: 4n, heartbeatIntervalMs: 5000 };
  const received = { epoch: 5n, class: 1, first: 2n, last: 3n, lane: 2, place: 44n };
  const frames: Record<string, Uint8Array> = {
    open: encodeFrame(frameKinds.open, { lane: "backfill" }),
    welcome: encodeMessage("welcome", { session: count(16, 9), ...windows, ...times, ready: true, relay: "r1" }),
    refuse: encodeMessage("refuse", { code: "busy", detail: "full", retryAfterMs: 5000 }),
    redirect: encodeMessage("redirect", { node: "n.example", port: 443, expiresAtMs: 9n, reason: 2 }),
    ping: encodeMessage("ping", { id: 7n, sentAtNs: 8n, ready: true }),
    pong: encodeMessage("pong", { id: 7n, sentAtNs: 8n, answeredAtNs: 9n }),
    readReport: encodeMessage("readReport", { liveBytes: 300n, backfillBytes: 5n }),
    goodbye: encodeMessage("goodbye", { code: "draining", detail: "d" }),
    inventory: encodeMessage("inventory", { onBoard: [range], durable: [range], shapes: [shape], settled: [range] }),
    held: encodeMessage("held", {
      committed: [range],
      quarantined: [range],
      knownShapes: [shape],
      passed,
      ledgerAnswered: true,
    }),
    shapeUse: encodeMessage("shapeUse", { hash: count(16, 1), definition: count(4, 1) }, { lane: "live" }),
    batch: encodeFrame(frameKinds.batch, { lane: "live", payload: count(5, 1), moreFollows: true }),
    received: encodeMessage("received", { batches: [received] }),
    verdicts: encodeMessage("verdicts", { committed: [range], quarantined: [], passed }),
    lost: encodeMessage("lost", { ranges: [range] }),
    resend: encodeMessage("resend", { ranges: [range] }),
    inventoryWanted: encodeMessage("inventoryWanted", {}),
    piece: encodeFrame(frameKinds.piece, { lane: "live", payload: count(5, 1) }),
    flow: encodeFlow({ arrived: 300, limits: { control: 1, command: 2, live: 2 ** 33, backfill: 4 } }),
    close: encodeClose({ code: 7, reason: "busy" }),
    // What they carry is in command_golden_test.ts.
    order: encodeFrame(frameKinds.order, { lane: "command", payload: count(3, 1) }),
    commandEvent: encodeFrame(frameKinds.commandEvent, { lane: "command", payload: count(2, 9) }),
  };
  deepStrictEqual(
    Object.fromEntries(Object.entries(frames).map(([name, bytes]) => [name, hexOf(bytes)])),
    golden.frames,
  );
});

Deno.test("the golden file has every kind of frame", () => {
  const login = ["hello", "challenge", "proof"];
  deepStrictEqual([...login, ...Object.keys(golden.frames)].sort(), Object.keys(frameKinds).sort());
});
