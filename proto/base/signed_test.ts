import "reflect-metadata";
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { derOf, issueCertificate, issuerExtensions, type LeafAlgorithm } from "../testing/certificates.ts";
import { DerReader } from "./der.ts";
import { checkAlgorithm, elementsOf, extensionsOf, isSignedBy, readSigned } from "./signed.ts";

const nowMs = Date.UTC(2026, 5, 1);
const validity = { notBeforeMs: nowMs, notAfterMs: nowMs + 86_400_000 };

/** A certificate that signs itself, and its public key. */
async function selfSigned(algorithm: LeafAlgorithm) {
  const extensions = issuerExtensions({ pathLength: 0 });
  const { certPem, keyPem } = await issueCertificate({ ...validity, subject: "CN=a", algorithm, extensions });
  return { der: derOf(certPem), publicKey: createPublicKey(createPrivateKey(keyPem)) };
}

/** An extension: object identifier 2.5.29.n, whether it is critical, an empty value. */
function extension(n: number, { critical = false } = {}): number[] {
  const fields = [0x06, 3, 0x55, 0x1d, n, ...critical ? [0x01, 1, 0xff] : [], 0x04, 0];
  return [0x30, fields.length, ...fields];
}

function extensions(...all: number[][]): Uint8Array {
  const bytes = all.flat();
  return Uint8Array.of(0x30, bytes.length, ...bytes);
}

Deno.test("a signature counts under its own key and over its own bytes only, whatever the kind of key", async () => {
  const [ed25519, p256] = await Promise.all([selfSigned("ed25519"), selfSigned("p256")]);
  for (const { der, publicKey } of [ed25519, p256]) {
    const other = publicKey === p256.publicKey ? ed25519 : p256;
    const signed = readSigned(der);
    strictEqual(isSignedBy(signed, publicKey), true);
    strictEqual(isSignedBy(signed, other.publicKey), false);
    const signedPart = signed.signedPart.slice();
    signedPart[signedPart.length - 1] ^= 1;
    strictEqual(isSignedBy({ ...signed, signedPart }, publicKey), false);
  }
  strictEqual(isSignedBy(readSigned(p256.der), (await selfSigned("p256")).publicKey), false);
});

Deno.test("the algorithm that is signed must be the one that signs", async () => {
  const { fields, algorithm } = readSigned((await selfSigned("ed25519")).der);
  // Version and serial number lie before it in a certificate.
  fields.any();
  fields.any();
  const rest = elementsOf(fields).flatMap(({ whole }) => [...whole]);
  checkAlgorithm(new DerReader(Uint8Array.from(rest)), algorithm);
  throws(() => checkAlgorithm(new DerReader(Uint8Array.from(rest)), `${algorithm}00`), { code: "bad_certificate" });
});

Deno.test("extensions are found by their identifiers, once each, and a critical one that is not known refuses", () => {
  const known = new Set(["551d0f"]);
  const found = extensionsOf(extensions(extension(0x0f, { critical: true }), extension(0x11)), known);
  deepStrictEqual([...found.keys()], ["551d0f", "551d11"]);
  for (const bytes of [extensions(extension(0x11, { critical: true })), extensions(extension(0x11), extension(0x11))]) {
    throws(() => extensionsOf(bytes, known), { code: "bad_certificate" });
  }
});

Deno.test("a list has 32 items at most", () => {
  const items = (count: number) => new DerReader(Uint8Array.from(Array(count).fill([0x05, 0]).flat()));
  strictEqual(elementsOf(items(32)).length, 32);
  throws(() => elementsOf(items(33)), { code: "bad_certificate" });
});
