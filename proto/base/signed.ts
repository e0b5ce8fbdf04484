/**
 * What an authority signed, be it a certificate or a list of revoked ones: the signature around it, and the extensions
 * in it. Source: RFC 5280 sections 4.1.1 and 5.1.1, RFC 8410 (Ed25519), RFC 5758 (ECDSA with SHA-256). Every fault is a
 * Fault `bad_certificate`.
 */
import { type KeyObject, verify } from "node:crypto";
import { Fault } from "../errors.ts";
import type { SignatureAlgorithm } from "../signature.ts";
import { type DerElement, DerReader, hexOf, identifierOf, readSequence, tags, trueOf, wholeBitsOf } from "./der.ts";

/** A signature and what is under it. */
export interface Signed {
  /** What the issuer signed. */
  readonly signedPart: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** AlgorithmIdentifiers, whole: no parameters but these. */
const signatureAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ["300506032b6570", "ed25519"],
  ["300a06082a8648ce3d040302", "ecdsa_p256_sha256"],
]);
/** Most extensions or names that are read before it is called absurd. */
const itemsMax = 32;

/** Reads what a signed thing of X.509 is made of; `fields` gives the elements that are signed, one after another. */
export function readSigned(der: Uint8Array): Signed & { readonly fields: DerReader; readonly algorithm: string } {
  const outer = readSequence(der);
  const { whole: signedPart, content } = outer.next(tags.sequence);
  const algorithm = hexOf(outer.next(tags.sequence).whole);
  const signature = wholeBitsOf(outer.next(tags.bitString));
  outer.end();
  const signatureAlgorithm = signatureAlgorithms.get(algorithm);
  if (signatureAlgorithm === undefined) {
    throw fault("it is signed by an algorithm other than Ed25519 and ECDSA with SHA-256");
  }
  return { signedPart, signatureAlgorithm, signature, fields: new DerReader(content), algorithm };
}

/** Takes the algorithm among the signed fields, which must be the one outside of them. */
export function checkAlgorithm(fields: DerReader, algorithm: string): void {
  if (hexOf(fields.next(tags.sequence).whole) !== algorithm) {
    throw fault("the algorithm that is signed is not the one that signs");
  }
}

/** Whether it is signed by that key. */
export function isSignedBy(signed: Signed, issuerKey: KeyObject): boolean {
  const { signatureAlgorithm, signature, signedPart } = signed;
  const ed25519 = issuerKey.asymmetricKeyType === "ed25519";
  if (ed25519 !== (signatureAlgorithm === "ed25519")) return false;
  if (ed25519) return verify(null, signedPart, issuerKey, signature);
  return verify("sha256", signedPart, { key: issuerKey, dsaEncoding: "der" }, signature);
}

/** What an extension says. */
export interface ExtensionValue {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Extensions by the hex of their object identifiers; a critical one that is not known refuses. */
export function extensionsOf(bytes: Uint8Array, known: ReadonlySet<string>): Map<string, ExtensionValue> {
  const found = new Map<string, ExtensionValue>();
  for (const { whole } of elementsOf(readSequence(bytes))) {
    const reader = readSequence(whole);
    const oid = identifierOf(reader.next(tags.objectIdentifier));
    const flag = reader.optional(tags.boolean);
    const { content: value } = reader.next(tags.octetString);
    reader.end();
    if (found.has(oid)) throw fault("it has the same extension twice");
    const isCritical = flag !== undefined && trueOf(flag);
    if (isCritical && !known.has(oid)) throw fault(`critical extension ${oid} (hex) is not known`);
    found.set(oid, { isCritical, value });
  }
  return found;
}

/** All elements that are left, of which there may be 32. */
export function elementsOf(reader: DerReader): DerElement[] {
  const found: DerElement[] = [];
  while (!reader.done) {
    if (found.length === itemsMax) throw fault(`it has a list of more than ${itemsMax} items`);
    found.push(reader.any());
  }
  return found;
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take what an authority signed: ${what}`);
}
