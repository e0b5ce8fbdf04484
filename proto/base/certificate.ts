/**
 * Vehicle certificates: a closed profile instead of general path building. Source: protocol.md section 3.
 *
 *     leaf  ->  known vehicle issuer (an intermediate that a root signed, or a root)  ->  pinned root
 *
 * All of it Ed25519 or P-256. The leaf is no authority, may sign (digitalSignature) for clients (clientAuth), has
 * exactly one common name, which is the vehicle id, and no URI of ours that names another vehicle; DNS names say
 * nothing. Unknown critical extensions refuse. Revocation is not looked at here.
 */
import { createHash, type KeyObject } from "node:crypto";
import { type Code, Fault } from "../errors.ts";
import { parseVehicleId, type VehicleId, vehicleIdPattern } from "../ids.ts";
import { certificateBytesMax, chainLengthMax } from "../limits.ts";
import { certificatesOf } from "./pem.ts";
import { serialBytesMax } from "./serial_set.ts";
import { isSignedBy } from "./signed.ts";
import { purposes, readConfiguredX509, readX509, type X509 } from "./x509.ts";

/** What a good chain proves. */
export interface CertificateFacts {
  readonly vehicle: VehicleId;
  /** The leaf's key. */
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970 at which leaf or intermediate ends, whichever is earlier. */
  readonly notAfterMs: number;
  /** Name of its issuer as DER, hex, and its number there, hex without leading zeros: together they name the leaf. */
  readonly issuer: string;
  readonly serial: string;
}

/** Answer of a {@link CertificateCheck}. */
export type CertificateVerdict =
  | ({ readonly ok: true } & CertificateFacts)
  | { readonly ok: false; readonly code: Code; readonly detail: string };

/** Checks a chain (DER, leaf first, root left out) at a moment (milliseconds since 1970). Never throws. */
export type CertificateCheck = (chain: readonly Uint8Array[], nowMs: number) => CertificateVerdict;

/** What is trusted. */
export interface CertificateTrust {
  /** Pinned roots, PEM; each text may hold several. Their own dates are not looked at: they are pinned as keys. */
  readonly roots: readonly string[];
  /**
   * Known vehicle issuers, PEM. When given, leaves of any other issuer are refused, the roots included unless listed.
   * Without it, intermediates that come with the leaf are taken when a root signed them.
   */
  readonly issuers?: readonly string[];
}

/** A vehicle's clock and a fresh certificate may disagree by so much. There is no such grace at the end. */
export const notBeforeToleranceMs = 5 * 60 * 1000;
/** Intermediates remembered: far more than a deployment has at once. Only roots' own get in. */
const provenMax = 32;
const vehicleUriPrefix = "systemscale://vehicle/";
/** A scheme is the same in capitals: what is of ours is a vehicle's name, in its one form, or refuses. */
const ownUriPattern = /^systemscale:/i;

/** Makes the check; throws `bad_config` when a root or issuer is not usable. */
export function certificateCheck(trust: CertificateTrust): CertificateCheck {
  const roots = trust.roots.flatMap((pem) => readTrusted(pem));
  const issuers = trust.issuers?.flatMap((pem) => readTrusted(pem));
  if (roots.length === 0) throw new Fault("bad_config", "Cannot check certificates: no root is given");
  for (const issuer of issuers ?? []) {
    if (!isRootAmong(issuer, roots) && issuerAmong(roots, issuer) === undefined) {
      throw new Fault("bad_config", "Cannot trust vehicle issuer: none of the roots signed it");
    }
  }
  const anchors: Anchors = { roots, issuers, proven: new Map() };
  return (chain, nowMs) => {
    try {
      return { ok: true, ...checkChain(chain, { anchors, nowMs }) };
    } catch (thrown) {
      if (thrown instanceof Fault) return { ok: false, code: thrown.code, detail: thrown.message };
      throw thrown;
    }
  };
}

/** Vehicle id that a leaf claims, unproven: its first common name if that has the form of one, else "". */
export function claimedVehicle(leaf: Uint8Array): string {
  try {
    const [name = ""] = readX509(leaf).commonNames;
    return vehicleIdPattern.test(name) ? name : "";
  } catch (thrown) {
    if (thrown instanceof Fault) return "";
    throw thrown;
  }
}

/** What a leaf says, whoever signed it. */
export interface LeafFacts {
  readonly vehicle: VehicleId;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Hex without leading zeros. */
  readonly serial: string;
}

/**
 * Reads a vehicle's leaf (DER) by the profile, but for its issuer and its dates. Throws what a relay would refuse it
 * with: `bad_certificate`, `identity_mismatch`.
 */
export function readVehicleLeaf(der: Uint8Array): LeafFacts {
  const leaf = readX509(der);
  checkLeaf(leaf);
  const { publicKey, notBeforeMs, notAfterMs, serial } = leaf;
  return { vehicle: vehicleOf(leaf), publicKey, notBeforeMs, notAfterMs, serial };
}

interface Anchors {
  readonly roots: readonly X509[];
  readonly issuers: readonly X509[] | undefined;
  /** Intermediates that a root was seen to have signed, by the hash of their DER; the oldest is forgotten first. */
  readonly proven: Map<string, X509>;
}

function checkChain(
  chain: readonly Uint8Array[],
  { anchors, nowMs }: { anchors: Anchors; nowMs: number },
): CertificateFacts {
  if (chain.length < 1 || chain.length > chainLengthMax) {
    throw bad(`chain of ${chain.length} certificates, wanted 1 to ${chainLengthMax}`);
  }
  const largest = Math.max(...chain.map((der) => der.byteLength));
  if (largest > certificateBytesMax) {
    throw bad(`certificate of ${largest} bytes, wanted at most ${certificateBytesMax}`);
  }
  const leaf = readX509(chain[0]);
  checkLeaf(leaf);
  const issuer = issuerAmong(anchors.issuers ?? issuersOffered(chain.slice(1), leaf, anchors), leaf);
  if (issuer === undefined) {
    throw new Fault("unknown_issuer", "Cannot take certificate: no known vehicle issuer signed it");
  }
  checkDates(leaf, nowMs);
  // A pinned root stands for its key; an intermediate is a certificate like others.
  const pinned = isRootAmong(issuer, anchors.roots);
  if (!pinned) checkDates(issuer, nowMs);
  return {
    vehicle: vehicleOf(leaf),
    publicKey: leaf.publicKey,
    notAfterMs: pinned ? leaf.notAfterMs : Math.min(leaf.notAfterMs, issuer.notAfterMs),
    issuer: leaf.issuer,
    serial: leaf.serial,
  };
}

function checkLeaf(leaf: X509): void {
  // No list of revoked certificates that we take could name it.
  if (leaf.serial.length > 2 * serialBytesMax) {
    throw bad(`leaf has a serial number of more than ${serialBytesMax} bytes`);
  }
  if (leaf.authority) throw bad("leaf is an authority");
  if (leaf.keyUsage?.digitalSignature !== true) throw bad("leaf lacks key usage digitalSignature");
  if (leaf.keyUsage.certificateSign) throw bad("leaf has key usage keyCertSign");
  if (leaf.purposes?.includes(purposes.clientAuth) !== true) throw bad("leaf lacks extended key usage clientAuth");
}

/** The roots, and what came with the leaf, is named as its issuer, and was signed by a root. */
function issuersOffered(others: readonly Uint8Array[], leaf: X509, anchors: Anchors): X509[] {
  const offered = others.map((der) => provenIntermediate(der, leaf.issuer, anchors));
  return [...anchors.roots, ...offered.filter((issuer) => issuer !== undefined)];
}

/** Checks an intermediate once: a P-256 signature costs most of a millisecond, and a fleet has few issuers. */
function provenIntermediate(der: Uint8Array, subject: string, anchors: Anchors): X509 | undefined {
  const hash = createHash("sha256").update(der).digest("hex");
  const known = anchors.proven.get(hash);
  if (known !== undefined) return known;
  const intermediate = readX509(der);
  const good = intermediate.subject === subject && mayIssueVehicles(intermediate) &&
    issuerAmong(anchors.roots, intermediate) !== undefined;
  if (!good) return undefined;
  if (anchors.proven.size >= provenMax) anchors.proven.delete([...anchors.proven.keys()][0]);
  anchors.proven.set(hash, intermediate);
  return intermediate;
}

/** Whichever of the authorities signed the certificate. */
function issuerAmong(authorities: readonly X509[], certificate: X509): X509 | undefined {
  return authorities.find((authority) =>
    authority.subject === certificate.issuer &&
    (!certificate.authority || authority.pathLengthMax === undefined || authority.pathLengthMax >= 1) &&
    isSignedBy(certificate, authority.publicKey)
  );
}

function isRootAmong(certificate: X509, roots: readonly X509[]): boolean {
  return roots.some((root) => root.subject === certificate.subject && root.publicKey.equals(certificate.publicKey));
}

function mayIssueVehicles(certificate: X509): boolean {
  const { authority, isAuthorityCritical, keyUsage, purposes: allowed } = certificate;
  const forClients = allowed === undefined || allowed.includes(purposes.clientAuth) || allowed.includes(purposes.any);
  return authority && isAuthorityCritical && keyUsage?.certificateSign === true && forClients;
}

/** Throws `certificate_expired` or `certificate_not_yet_valid` as a relay would at that moment, milliseconds since 1970. */
export function checkDates(certificate: Pick<X509, "notBeforeMs" | "notAfterMs">, nowMs: number): void {
  if (nowMs > certificate.notAfterMs) {
    throw new Fault("certificate_expired", `Cannot take certificate: it ended ${isoOf(certificate.notAfterMs)}`);
  }
  if (nowMs < certificate.notBeforeMs - notBeforeToleranceMs) {
    const begins = isoOf(certificate.notBeforeMs);
    throw new Fault(
      "certificate_not_yet_valid",
      `Cannot take certificate: it begins ${begins}, here it is ${isoOf(nowMs)}`,
    );
  }
}

function vehicleOf(leaf: X509): VehicleId {
  if (leaf.commonNames.length !== 1) throw bad(`${leaf.commonNames.length} common names, wanted one`);
  const [name] = leaf.commonNames;
  if (!vehicleIdPattern.test(name)) throw bad("common name is not a vehicle id");
  const other = leaf.uris.find((uri) => ownUriPattern.test(uri) && uri !== vehicleUriPrefix + name);
  if (other === undefined) return parseVehicleId(name);
  throw new Fault("identity_mismatch", `Cannot take certificate: it is of "${name}" and of "${other.slice(0, 120)}"`);
}

/** Reads roots or issuers from configuration. */
function readTrusted(pem: string): X509[] {
  const found = certificatesOf(pem);
  if (found.length === 0) throw new Fault("bad_config", "Cannot trust certificate: no PEM certificate in the text");
  return found.map((der) => {
    const certificate = readConfiguredX509(der);
    if (mayIssueVehicles(certificate)) return certificate;
    throw new Fault(
      "bad_config",
      "Cannot trust certificate: wanted an authority (critical basic constraints, keyCertSign) that may sign for clients",
    );
  });
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function bad(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
