import { strictEqual, throws } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { bitString, sequence } from "../testing/der.ts";
import { readPublicKey } from "./public_key.ts";

const bad = { code: "bad_certificate" };
const ed25519 = Uint8Array.fromHex("300506032b6570");
const prime = 2n ** 255n - 19n;

/** The key of a y coordinate, little endian, with the sign of x. */
function ed25519Key(y: bigint, sign: 0 | 1 = 0): Uint8Array {
  const bytes = Uint8Array.fromHex((y + (BigInt(sign) << 255n)).toString(16).padStart(64, "0")).reverse();
  return sequence(ed25519, bitString(bytes));
}

Deno.test("keys of both kinds are read as they are", () => {
  for (
    const { publicKey } of [generateKeyPairSync("ed25519"), generateKeyPairSync("ec", { namedCurve: "P-256" })]
  ) {
    const der = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
    strictEqual(readPublicKey(der).equals(publicKey), true);
  }
});

Deno.test("an Ed25519 key under which anyone can sign is refused, in each of its forms", () => {
  const order8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
  const weak = [0n, 1n, prime - 1n, order8, prime - order8];
  // The same once more in the form that is not reduced, where there is room for it.
  const unreduced = [prime, prime + 1n];
  for (const y of [...weak, ...unreduced]) {
    throws(() => readPublicKey(ed25519Key(y)), bad);
    throws(() => readPublicKey(ed25519Key(y, 1)), bad);
  }
  // y = 3 is a point of the curve that has nothing the matter, and y = 2 is none.
  strictEqual(readPublicKey(ed25519Key(3n)).asymmetricKeyType, "ed25519");
  throws(() => readPublicKey(ed25519Key(2n)), bad);
});
