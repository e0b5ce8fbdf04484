/**
 * X.509 certificates as the closed profile needs them: Ed25519 or P-256, version 3, every extension that matters read
 * and every other one named. Source: RFC 5280, RFC 8410 (Ed25519).
 */
import type { KeyObject } from "node:crypto";
import { Fault } from "../errors.ts";
import {
  DerReader,
  hexOf,
  identifierOf,
  namedBitsOf,
  positiveHexOf,
  readSequence,
  smallIntegerOf,
  tags,
  timeOf,
  trueOf,
} from "./der.ts";
import { readPublicKey } from "./public_key.ts";
import { checkAlgorithm, extensionsOf, type ExtensionValue, readSigned, type Signed } from "./signed.ts";
import { commonNamesOf, urisOf } from "./x509_names.ts";

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
  /** Whether that is said by a critical extension, as RFC 5280 section 4.2.1.9 wants of authorities. */
  readonly isAuthorityCritical: boolean;
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
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
} as const;

/** Reads a certificate; throws `bad_certificate` for one that is malformed or of another kind. */
export function readX509(der: Uint8Array): X509 {
  const { fields, algorithm, ...signed } = readSigned(der);
  checkVersion(fields.next(0xa0).content);
  const serial = positiveHexOf(fields.next(tags.integer));
  checkAlgorithm(fields, algorithm);
  const issuer = hexOf(fields.next(tags.sequence).whole);
  const validity = new DerReader(fields.next(tags.sequence).content);
  const [notBeforeMs, notAfterMs] = [timeOf(validity.any()), timeOf(validity.any())];
  validity.end();
  if (notAfterMs < notBeforeMs) throw fault("it ends before it begins");
  const subject = fields.next(tags.sequence).whole;
  const publicKey = readPublicKey(fields.next(tags.sequence).whole);
  const extensions = readExtensions(fields.next(0xa3).content);
  fields.end();
  return {
    ...signed,
    serial,
    issuer,
    subject: hexOf(subject),
    commonNames: commonNamesOf(subject),
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

function checkVersion(bytes: Uint8Array): void {
  const reader = new DerReader(bytes);
  const version = smallIntegerOf(reader.next(tags.integer));
  reader.end();
  if (version !== 2) throw fault(`version ${version + 1}, wanted 3`);
}

type Constraints = Pick<X509, "authority" | "isAuthorityCritical" | "pathLengthMax">;
type Extensions = Constraints & Pick<X509, "keyUsage" | "purposes" | "uris">;

function readExtensions(bytes: Uint8Array): Extensions {
  const values = extensionsOf(bytes, knownExtensions);
  return {
    ...readConstraints(values.get(oids.basicConstraints)),
    keyUsage: readKeyUsage(values.get(oids.keyUsage)?.value),
    purposes: readPurposes(values.get(oids.extendedKeyUsage)?.value),
    uris: urisOf(values.get(oids.subjectAltName)?.value),
  };
}

const knownExtensions: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectAltName,
]);

function readConstraints(extension: ExtensionValue | undefined): Constraints {
  if (extension === undefined) return { authority: false, isAuthorityCritical: false, pathLengthMax: undefined };
  const reader = readSequence(extension.value);
  const flag = reader.optional(tags.boolean);
  const length = reader.optional(tags.integer);
  reader.end();
  const authority = flag !== undefined && trueOf(flag);
  if (length !== undefined && !authority) throw fault("it tells how many authorities may follow, and is none");
  return {
    authority,
    isAuthorityCritical: authority && extension.isCritical,
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
  while (!reader.done) found.push(identifierOf(reader.next(tags.objectIdentifier)));
  if (found.length === 0) throw fault("its list of purposes is empty");
  return found;
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
