/**
 * Signatures by vehicle keys: one algorithm per type of key, so that no message ever names one.
 *
 * Source: protocol.md section 3. Ed25519 by RFC 8032; ECDSA P-256 with SHA-256 in IEEE P1363 form (r and s, 32 bytes
 * each), whose length is fixed and which has no second encoding.
 */
import { createPrivateKey, type KeyObject, sign, verify } from "node:crypto";
import { Fault } from "./errors.ts";

/** The two algorithms; which one applies is told by the key. */
export type SignatureAlgorithm = "ed25519" | "ecdsa_p256_sha256";

/** Length of a signature by either algorithm. */
export const signatureBytes = 64;

/** A private key that signs. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm;
  /** Signs the bytes themselves (not a hash of them); returns 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The algorithm of a key, or undefined when the key is of neither type. */
export function algorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const p256 = key.asymmetricKeyType === "ec" && (curve === "prime256v1" || curve === "P-256");
  return p256 ? "ecdsa_p256_sha256" : undefined;
}

/** Makes a signer of a private key in PEM; throws `bad_config` when it is no key or of another type. */
export function signerOf(privateKeyPem: string): Signer {
  const key = readPrivateKey(privateKeyPem);
  const algorithm = algorithmOf(key);
  if (algorithm === undefined) {
    throw new Fault("bad_config", `Cannot sign with key of type "${key.asymmetricKeyType}": wanted Ed25519 or P-256`);
  }
  const digest = algorithm === "ed25519" ? null : "sha256";
  return { algorithm, sign: (bytes) => new Uint8Array(sign(digest, bytes, { key, dsaEncoding: "ieee-p1363" })) };
}

/** Tells whether the signature is by that key over exactly these bytes; false for a key of neither type. */
export function verifySignature(publicKey: KeyObject, signed: { bytes: Uint8Array; signature: Uint8Array }): boolean {
  const { bytes, signature } = signed;
  const algorithm = algorithmOf(publicKey);
  if (algorithm === undefined || signature.byteLength !== signatureBytes) return false;
  const digest = algorithm === "ed25519" ? null : "sha256";
  return verify(digest, bytes, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Fault("bad_config", "Cannot read private key: not PEM of a PKCS#8 or SEC 1 key", { cause });
  }
}
