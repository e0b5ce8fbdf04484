/**
 * X.509 certificates as the closed profile needs them: Ed25519 or P-256, version 3, every extension that matters read
 * and every other one named. Source: RFC 5280, RFC 8410 (Ed25519), RFC 5758 (ECDSA with SHA-256).
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Fault } from "../errors.ts";
import {
  asciiOf,
  booleanOf,
  DerReader,
  hexOf,
  namedBitsOf,
  readSequence,
  smallIntegerOf,
  tags,
  timeOf,
  wholeBitsOf,
} from "./der.ts";

/** Purposes (extended key usage) that the profile tells apart. */
export const purposes = { clientAuth: "2b06010505070302", any: "551d2500" } as const;

/** What the profile looks at. */
export interface X509 {
  /** What the issuer signed. */
  readonly signedPart: Uint8Array;
  readonly signatureAlgorithm: "ed25519" | "ecdsa_p256_sha256";
  readonly signature: Uint8Array;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  /** Names as DER, hex: equal names have equal texts. */
  readonly issuer: string;
  readonly subject: string;
  readonly commonNames: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly authority: boolean;
  /** How many authorities may follow; undefined: any number. */
  readonly pathLengthMax: number | undefined;
  /** Undefined: no key usage extension. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly certificateSign: boolean } | undefined;
  /** Undefined: no extended key usage extension. As hex of the object identifiers. */
  readonly purposes: readonly string[] | undefined;
  /** URIs among the subject's alternative names. */
  readonly uris: readonly string[];
}

/** Object identifiers as hex of their DER content. */
const oids = {
  commonName: "550403",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
} as const;

/** The two AlgorithmIdentifiers of keys, whole: no parameters but these. */
const keyAlgorithms: ReadonlySet<string> = new Set([
  "300506032b6570", // Ed25519
  "301306072a8648ce3d020106082a8648ce3d030107", // P-256 by name
]);
const signatureAlgorithms: ReadonlyMap<string, X509["signatureAlgorithm"]> = new Map([
  ["300506032b6570", "ed25519"],
  ["300a06082a8648ce3d040302", "ecdsa_p256_sha256"],
]);
/** Most extensions or names that are read before the certificate is called absurd. */
const itemsMax = 32;
const uriTag = 0x86;

/** Reads a certificate; throws `bad_certificate` for one that is malformed or of another kind. */
export function readX509(der: Uint8Array): X509 {
  const outer = readSequence(der);
  const signed = outer.next(tags.sequence);
  const outerAlgorithm = hexOf(outer.next(tags.sequence).whole);
  const signature = wholeBitsOf(outer.next(tags.bitString));
  outer.end();
  const fields = new DerReader(signed.content);
  const version = smallIntegerOf(new DerReader(fields.next(0xa0).content).next(tags.integer));
  if (version !== 2) throw fault(`version ${version + 1}, wanted 3`);
  const serial = hexOf(fields.next(tags.integer).content).replace(/^0+(?=.)/, "");
  const algorithm = signatureAlgorithms.get(outerAlgorithm);
  if (hexOf(fields.next(tags.sequence).whole) !== outerAlgorithm || algorithm === undefined) {
    throw fault("it is signed by an algorithm other than Ed25519 and ECDSA with SHA-256");
  }
  const issuer = hexOf(fields.next(tags.sequence).whole);
  const validity = new DerReader(fields.next(tags.sequence).content);
  const [notBeforeMs, notAfterMs] = [timeOf(validity.any()), timeOf(validity.any())];
  validity.end();
  const subject = fields.next(tags.sequence).whole;
  const publicKey = readKey(fields.next(tags.sequence).whole);
  const extensions = readExtensions(fields.next(0xa3).content);
  fields.end();
  return {
    signedPart: signed.whole,
    signatureAlgorithm: algorithm,
    signature,
    serial,
    issuer,
    subject: hexOf(subject),
    commonNames: readCommonNames(subject),
    notBeforeMs,
    notAfterMs,
    publicKey,
    ...extensions,
  };
}

/** Whether the certificate is signed by that key. */
export function isSignedBy(certificate: X509, issuerKey: KeyObject): boolean {
  const { signatureAlgorithm, signature, signedPart } = certificate;
  const ed25519 = issuerKey.asymmetricKeyType === "ed25519";
  if (ed25519 !== (signatureAlgorithm === "ed25519")) return false;
  if (ed25519) return verify(null, signedPart, issuerKey, signature);
  return verify("sha256", signedPart, { key: issuerKey, dsaEncoding: "der" }, signature);
}

function readKey(der: Uint8Array): KeyObject {
  const algorithm = hexOf(readSequence(der).next(tags.sequence).whole);
  if (!keyAlgorithms.has(algorithm)) throw fault("its key is neither Ed25519 nor P-256");
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch (cause) {
    throw new Fault("bad_certificate", "Cannot read certificate: its key is not a point of its curve", { cause });
  }
}

/** Common names of a Name, in order. */
function readCommonNames(name: Uint8Array): string[] {
  const found: string[] = [];
  for (const set of elementsOf(readSequence(name))) {
    for (const pair of elementsOf(new DerReader(set.content))) {
      const reader = new DerReader(pair.content);
      if (hexOf(reader.next(tags.objectIdentifier).content) !== oids.commonName) continue;
      const text = reader.any();
      if (text.tag !== tags.utf8String && text.tag !== tags.printableString) throw fault("common name of an odd type");
      found.push(asciiOf(text.content));
    }
  }
  return found;
}

type Extensions = Pick<X509, "authority" | "pathLengthMax" | "keyUsage" | "purposes" | "uris">;

function readExtensions(bytes: Uint8Array): Extensions {
  const values = new Map<string, Uint8Array>();
  for (const extension of elementsOf(readSequence(bytes))) {
    const reader = new DerReader(extension.content);
    const oid = hexOf(reader.next(tags.objectIdentifier).content);
    const flag = reader.optional(tags.boolean);
    const value = reader.next(tags.octetString).content;
    reader.end();
    if (values.has(oid)) throw fault("it has the same extension twice");
    if (flag !== undefined && booleanOf(flag) && !knownExtensions.has(oid)) {
      throw fault(`critical extension ${oid} (hex) is not known`);
    }
    values.set(oid, value);
  }
  return {
    ...readConstraints(values.get(oids.basicConstraints)),
    keyUsage: readKeyUsage(values.get(oids.keyUsage)),
    purposes: readPurposes(values.get(oids.extendedKeyUsage)),
    uris: readUris(values.get(oids.subjectAltName)),
  };
}

const knownExtensions: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectAltName,
]);

function readConstraints(value: Uint8Array | undefined): Pick<X509, "authority" | "pathLengthMax"> {
  if (value === undefined) return { authority: false, pathLengthMax: undefined };
  const reader = readSequence(value);
  const flag = reader.optional(tags.boolean);
  const length = reader.optional(tags.integer);
  reader.end();
  return {
    authority: flag !== undefined && booleanOf(flag),
    pathLengthMax: length === undefined ? undefined : smallIntegerOf(length),
  };
}

function readKeyUsage(value: Uint8Array | undefined): X509["keyUsage"] {
  if (value === undefined) return undefined;
  const reader = new DerReader(value);
  const bits = namedBitsOf(reader.next(tags.bitString));
  reader.end();
  return { digitalSignature: (bits & 0x80) !== 0, certificateSign: (bits & 0x04) !== 0 };
}

function readPurposes(value: Uint8Array | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const reader = readSequence(value);
  const found: string[] = [];
  while (!reader.done) found.push(hexOf(reader.next(tags.objectIdentifier).content));
  return found;
}

function readUris(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  return elementsOf(readSequence(value)).filter(({ tag }) => tag === uriTag).map(({ content }) => asciiOf(content));
}

function elementsOf(reader: DerReader): { tag: number; content: Uint8Array }[] {
  const found = [];
  while (!reader.done) {
    if (found.length === itemsMax) throw fault(`it has a list of more than ${itemsMax} items`);
    found.push(reader.any());
  }
  return found;
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
