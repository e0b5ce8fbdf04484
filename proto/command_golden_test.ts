// Orders and events of version 1, byte for byte. A published version never changes: a difference here means that a new
// version is needed, not a new file.
import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { certificateCheck } from "./base/certificate.ts";
import { believeEvent, sealEvent } from "./command_event.ts";
import { CommandSchema, type Downward, DownwardSchema, StopSchema } from "./gen/systemscale/command/v1/command_pb.ts";
import {
  believeCommand,
  believeStop,
  type OrderSigner,
  sealFloor,
  sealSigner,
  signCommand,
  signStop,
} from "./order.ts";
import { signerOf } from "./signature.ts";
import golden from "./testdata/command_v1.json" with { type: "json" };

const nowMs = 1_780_000_000_000;
const id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const root = signerOf(golden.rootKey);
const der = new Uint8Array(createPublicKey(golden.signerKey).export({ type: "spki", format: "der" }));
const signer: OrderSigner = {
  key: signerOf(golden.signerKey),
  signer: sealSigner(root, { publicKey: der, roles: ["command", "stop", "release"], generation: 3, name: "signer" }),
  floor: sealFloor(root, 2),
};
const command = create(CommandSchema, {
  ...{ id, vehicleId: "drone-001", type: "goto", data: '{"latitude":47}', class: "motion", issuer: "operator" },
  boot: Uint8Array.from({ length: 16 }, (_, i) => i),
  deadlineUptimeMs: 65_000n,
});
const stop = create(StopSchema, { id, vehicleId: "drone-001", number: 1_780_000_000_001n, issuer: "operator" });
const facts = {
  ...{ commandId: id, vehicleId: "drone-001", number: 3, state: "succeeded", code: "", detail: "done", data: "{}" },
  orderSha256: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
  boot: command.boot,
  uptimeMs: 64_000n,
  atNs: 1_780_000_000_000_000_000n,
  journal: Uint8Array.from({ length: 16 }, (_, i) => 100 + i),
  stopNumber: 7n,
};

function hexOf(word: Downward["word"]): string {
  return toBinary(DownwardSchema, create(DownwardSchema, { word })).toHex();
}

Deno.test("orders of version 1 are what they always were", () => {
  strictEqual(hexOf({ case: "command", value: signCommand(signer, command) }), golden.command);
  strictEqual(hexOf({ case: "stop", value: signStop(signer, stop) }), golden.stop);
  const settled = { $typeName: "systemscale.command.v1.Settled" as const, commandId: id, number: 3 };
  strictEqual(hexOf({ case: "settled", value: settled }), golden.settled);
});

Deno.test("orders of version 1 are believed for ever", () => {
  const trust = { root: createPublicKey(golden.rootKey), generationMin: 0 };
  const read = (hex: string) => fromBinary(DownwardSchema, Uint8Array.fromHex(hex)).word;
  const [given, stopped] = [read(golden.command), read(golden.stop)];
  equal(given.case === "command" && believeCommand(given.value, trust).payload, command);
  equal(stopped.case === "stop" && believeStop(stopped.value, trust).payload, stop);
});

Deno.test("an event of version 1 is what it always was, and is believed for ever", () => {
  const chain = golden.chain.map((hex) => Uint8Array.fromHex(hex));
  strictEqual(sealEvent({ chain, signer: signerOf(golden.vehicleKey) }, facts).toHex(), golden.event);
  const checkChain = certificateCheck({ roots: [golden.vehicleRoot] });
  const { $typeName: _type, ...believed } = believeEvent(Uint8Array.fromHex(golden.event), { checkChain, nowMs });
  equal(believed, facts);
});
