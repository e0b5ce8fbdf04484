/**
 * X.509 certificates as the closed profile needs them: Ed25519 or P-256, version 3, every extension that matters read
 * and every other one named. Source: RFC 5280, RFC 8410 (Ed25519).
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
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
} from "./der.ts";
import { checkAlgorithm, elementsOf, extensionsOf, readSigned, type Signed } from "./signed.ts";

/** Purposes (extended key usage) that the profile tells apart. */
export const purposes = { clientAuth: "2b06010505070302", any: "551d2500" } as const;

/** What the profile looks at. */
export interface X509 extends Signed {
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
  readonly keyUsage:
    | { readonly digitalSignature: boolean; readonly certificateSign: boolean; readonly crlSign: boolean }
    | undefined;
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
const uriTag = 0x86;

/** Reads a certificate; throws `bad_certificate` for one that is malformed or of another kind. */
export function readX509(der: Uint8Array): X509 {
  const { fields, algorithm, ...signed } = readSigned(der);
  const version = smallIntegerOf(new DerReader(fields.next(0xa0).content).next(tags.integer));
  if (version !== 2) throw fault(`version ${version + 1}, wanted 3`);
  const serial = hexOf(fields.next(tags.integer).content).replace(/^0+(?=.)/, "");
  checkAlgorithm(fields, algorithm);
  const issuer = hexOf(fields.next(tags.sequence).whole);
  const validity = new DerReader(fields.next(tags.sequence).content);
  const [notBeforeMs, notAfterMs] = [timeOf(validity.any()), timeOf(validity.any())];
  validity.end();
  const subject = fields.next(tags.sequence).whole;
  const publicKey = readKey(fields.next(tags.sequence).whole);
  const extensions = readExtensions(fields.next(0xa3).content);
  fields.end();
  return {
    ...signed,
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

/** The same for a certificate that configuration names; throws `bad_config`. */
export function readConfiguredX509(der: Uint8Array): X509 {
  try {
    return readX509(der);
  } catch (cause) {
    throw new Fault("bad_config", cause instanceof Error ? cause.message : String(cause), { cause });
  }
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
  const values = extensionsOf(bytes, knownExtensions);
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
  return { digitalSignature: (bits & 0x80) !== 0, certificateSign: (bits & 0x04) !== 0, crlSign: (bits & 0x02) !== 0 };
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

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
