import { deepStrictEqual as equal, ok, throws } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { clone, create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { SealedSchema, type SignedOrder, SignedOrderSchema } from "./gen/systemscale/command/v1/command_pb.ts";
import { believeCommand, believeStop, orderSha256, readCommandRoot, signCommand, signStop } from "./order.ts";
import { commandOf, makeOrderRoot, stopOf } from "./testing/orders.ts";

const root = makeOrderRoot();
const trust = { root: root.publicKey, generationMin: 0 };
const refused = { code: "bad_order" };

Deno.test("what a certified signer signed is believed, by either type of key", () => {
  for (const type of ["ed25519", "p256"] as const) {
    const own = makeOrderRoot(type);
    const order = signCommand(own.signer(), commandOf());
    const { payload, sha256, signer } = believeCommand(order, { root: own.publicKey, generationMin: 0 });
    equal([payload.type, signer], ["rtl", "test signer"]);
    equal(sha256, orderSha256(order.payload));
    const stop = signStop(own.signer(), stopOf());
    equal(believeStop(stop, { root: own.publicKey, generationMin: 0 }).payload.number, 5n);
  }
});

Deno.test("a signer signs what it may, and nothing else", () => {
  const may = (roles: ("command" | "stop" | "release")[]) => root.signer({ roles });
  throws(() => believeCommand(signCommand(may(["stop", "release"]), commandOf()), trust), refused);
  throws(() => believeStop(signStop(may(["command", "release"]), stopOf()), trust), refused);
  throws(() => believeStop(signStop(may(["command", "stop"]), stopOf({ release: true })), trust), refused);
  believeStop(signStop(may(["release"]), stopOf({ release: true })), trust);
});

Deno.test("a retired signer is believed no more, and a vehicle that slept through two rotations takes the third's word", () => {
  const stolen = root.signer({ generation: 1 });
  const third = root.signer({ generation: 3, floor: 3 });
  const { generationMin } = believeCommand(signCommand(third, commandOf()), trust);
  equal(generationMin, 3);
  throws(() => believeCommand(signCommand(stolen, commandOf()), { ...trust, generationMin }), refused);
  // A floor is never lowered by an older word.
  const old = root.signer({ generation: 4, floor: 2 });
  equal(believeCommand(signCommand(old, commandOf()), { ...trust, generationMin }).generationMin, 3);
  // Even one that brings its own, true floor.
  throws(() => believeCommand(signCommand(root.signer({ generation: 1, floor: 2 }), commandOf()), trust), refused);
});

Deno.test("nothing passes for another: kinds, roots, signers", () => {
  const signer = root.signer();
  const stop = signStop(signer, stopOf());
  throws(() => believeCommand(stop, trust), refused);
  throws(() => believeStop(signCommand(signer, commandOf()), trust), refused);
  const other = makeOrderRoot();
  throws(() => believeCommand(signCommand(other.signer(), commandOf()), trust), refused);
  // Another signer's certificate beside a signature.
  const mixed = { ...signer, signer: root.signer().signer };
  throws(() => believeCommand(signCommand(mixed, commandOf()), trust), refused);
  // A signer that certifies another one.
  const promoted = create(SealedSchema, { ...signer.signer, signature: signer.key.sign(signer.signer.payload) });
  throws(() => believeCommand(signCommand({ ...signer, signer: promoted }, commandOf()), trust), refused);
  throws(() => believeCommand(create(SignedOrderSchema, {}), trust), refused);
});

Deno.test("no bit of an order can be changed", () => {
  const order = signCommand(root.signer({ floor: 1 }), commandOf());
  const parts: ((changed: SignedOrder) => Uint8Array | undefined)[] = [
    ({ payload }) => payload,
    ({ signature }) => signature,
    ({ signer }) => signer?.payload,
    ({ signer }) => signer?.signature,
    ({ floor }) => floor?.payload,
    ({ floor }) => floor?.signature,
  ];
  fc.assert(
    fc.property(fc.constantFrom(...parts), fc.nat(), fc.integer({ min: 0, max: 7 }), (part, place, bit) => {
      const changed = clone(SignedOrderSchema, order);
      for (const sealed of [changed, changed.signer, changed.floor]) {
        if (sealed === undefined) continue;
        sealed.payload = sealed.payload.slice();
        sealed.signature = sealed.signature.slice();
      }
      const bytes = part(changed);
      ok(bytes !== undefined);
      bytes[place % bytes.byteLength] ^= 1 << bit;
      throws(() => believeCommand(changed, trust), refused);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a command root is a public key of a type that signs", () => {
  ok(readCommandRoot(root.publicKeyPem).equals(root.publicKey));
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });
  for (const pem of ["", "no key", String(rsa)]) throws(() => readCommandRoot(pem), { code: "bad_config" });
});
