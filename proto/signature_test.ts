import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { notStrictEqual, strictEqual, throws } from "node:assert/strict";
import { algorithmOf, signatureBytes, signerOf, verifySignature } from "./signature.ts";

const bytes = new TextEncoder().encode("what is signed");
const pem = { type: "pkcs8", format: "pem" } as const;

function makeKeys(type: "ed25519" | "p256") {
  const { privateKey } = type === "ed25519"
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { keyPem: privateKey.export(pem).toString(), publicKey: createPublicKey(privateKey.export(pem).toString()) };
}

for (const [type, algorithm] of [["ed25519", "ed25519"], ["p256", "ecdsa_p256_sha256"]] as const) {
  Deno.test(`${type}: what is signed verifies, and nothing else does`, () => {
    const { keyPem, publicKey } = makeKeys(type);
    const signer = signerOf(keyPem);
    strictEqual(signer.algorithm, algorithm);
    const signature = signer.sign(bytes);
    strictEqual(signature.byteLength, signatureBytes);
    strictEqual(verifySignature(publicKey, { bytes, signature }), true);
    strictEqual(verifySignature(publicKey, { bytes: bytes.subarray(1), signature }), false);
    strictEqual(verifySignature(makeKeys(type).publicKey, { bytes, signature }), false);
    for (let at = 0; at < signature.byteLength; at++) {
      const changed = signature.slice();
      changed[at] ^= 1;
      strictEqual(verifySignature(publicKey, { bytes, signature: changed }), false, `byte ${at}`);
    }
  });

  Deno.test(`${type}: signatures of another length, of nothing and of the other algorithm are refused`, () => {
    const { keyPem, publicKey } = makeKeys(type);
    const signature = signerOf(keyPem).sign(bytes);
    const other = makeKeys(type === "p256" ? "ed25519" : "p256");
    strictEqual(verifySignature(publicKey, { bytes, signature: signature.subarray(1) }), false);
    strictEqual(verifySignature(publicKey, { bytes, signature: new Uint8Array(0) }), false);
    strictEqual(verifySignature(publicKey, { bytes, signature: new Uint8Array(signatureBytes) }), false);
    strictEqual(verifySignature(other.publicKey, { bytes, signature }), false);
  });
}

Deno.test("keys of other types sign and verify nothing", () => {
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  strictEqual(algorithmOf(p384.publicKey), undefined);
  strictEqual(verifySignature(p384.publicKey, { bytes, signature: new Uint8Array(signatureBytes) }), false);
  throws(() => signerOf(p384.privateKey.export(pem).toString()), { code: "bad_config" });
  throws(() => signerOf("no key"), { code: "bad_config" });
});

Deno.test("a key says its algorithm", () => {
  notStrictEqual(algorithmOf(makeKeys("ed25519").publicKey), algorithmOf(makeKeys("p256").publicKey));
});
