/**
 * A small certificate authority for tests and development: root, vehicle issuer, relay issuer, and leaves of both.
 *
 * The two issuers cannot stand in for each other: each may sign for one purpose only (extended key usage), vehicles'
 * for clients, relays' for servers.
 */
import "reflect-metadata";
import { createHash, createPublicKey } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate with its private key (PKCS#8), both PEM. */
export interface CertifiedKey {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A leaf, ready for use. */
export interface Leaf extends CertifiedKey {
  /** Leaf and issuer, as a TLS server or an agent's certificate file wants it. */
  readonly chainPem: string;
  /** The same in DER, leaf first, as Hello wants it. */
  readonly chain: readonly Uint8Array[];
}

/** The parts of an authority that are worth keeping in files. */
export interface AuthorityParts {
  readonly root: CertifiedKey;
  readonly vehicleIssuer: CertifiedKey;
  readonly relayIssuer: CertifiedKey;
}

/** Validity of what is issued. */
export interface Validity {
  /** Milliseconds since 1970; whole seconds are kept. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Key types of leaves. */
export type LeafAlgorithm = "ed25519" | "p256";

/** What a vehicle's leaf is made of. */
export interface VehicleLeafOptions extends Validity {
  /** Ed25519 by default. */
  readonly algorithm?: LeafAlgorithm;
  /** As a renewal has it: the key of the certificate before, and another serial number, hex. */
  readonly renews?: { readonly keyPem: string; readonly serial: string };
}

/** Root with two issuers that cannot stand in for each other. */
export interface Authority extends AuthorityParts {
  /** A leaf with the id as common name and as `systemscale://vehicle/<id>`. */
  issueVehicle(id: string, options: VehicleLeafOptions): Promise<Leaf>;
  /** A P-256 TLS server leaf for the node's name, further DNS names or addresses. */
  issueRelay(node: string, options: Validity & { readonly otherNames?: readonly string[] }): Promise<Leaf>;
}

/** What {@link issueCertificate} puts together; tests make every kind of bad certificate with it. */
export interface CertificateRequest extends Validity {
  /** Distinguished name, such as `CN=drone-001`. */
  readonly subject: string;
  readonly algorithm: LeafAlgorithm | "p384";
  readonly extensions: readonly Extension[];
  /** Who signs; undefined: the certificate itself. */
  readonly issuer?: CertifiedKey;
  /** Hex; made from the key when nothing is said. */
  readonly serial?: string;
  /** PKCS#8; a fresh one when nothing is said. */
  readonly keyPem?: string;
}

/** Makes a new authority with fresh P-256 keys. */
export async function makeAuthority(name: string, validity: Validity): Promise<Authority> {
  const root = await issueCertificate({
    ...validity,
    subject: `CN=${name} root`,
    algorithm: "p256",
    extensions: issuerExtensions({ pathLength: 1 }),
  });
  const issuer = (subject: string, purpose: ExtendedKeyUsage) =>
    issueCertificate({
      ...validity,
      subject: `CN=${name} ${subject}`,
      algorithm: "p256",
      extensions: issuerExtensions({ pathLength: 0, purpose }),
      issuer: root,
    });
  return openAuthority({
    root,
    vehicleIssuer: await issuer("vehicles", ExtendedKeyUsage.clientAuth),
    relayIssuer: await issuer("relays", ExtendedKeyUsage.serverAuth),
  });
}

/** Takes up an authority that was kept. */
export function openAuthority(parts: AuthorityParts): Authority {
  return {
    ...parts,
    issueVehicle: async (id, options) => {
      const leaf = await issueCertificate({
        ...{ ...options, ...options.renews },
        subject: `CN=${id}`,
        algorithm: options.algorithm ?? "ed25519",
        extensions: leafExtensions(ExtendedKeyUsage.clientAuth, [{
          type: "url",
          value: `systemscale://vehicle/${id}`,
        }]),
        issuer: parts.vehicleIssuer,
      });
      return withChain(leaf, parts.vehicleIssuer);
    },
    issueRelay: async (node, options) => {
      const names = [node, ...options.otherNames ?? []];
      const leaf = await issueCertificate({
        ...options,
        subject: `CN=${node}`,
        algorithm: "p256",
        extensions: leafExtensions(
          ExtendedKeyUsage.serverAuth,
          names.map((value) => ({ type: isIP(value) === 0 ? "dns" as const : "ip" as const, value })),
        ),
        issuer: parts.relayIssuer,
      });
      return withChain(leaf, parts.relayIssuer);
    },
  };
}

/** Makes one certificate, with a fresh key unless one is given. */
export async function issueCertificate(request: CertificateRequest): Promise<CertifiedKey> {
  const keys = await keysOf(request);
  const issuer = request.issuer;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: request.serial ?? await serialOf(keys.publicKey),
    subject: request.subject,
    issuer: issuer === undefined ? request.subject : new X509Certificate(issuer.certPem).subjectName,
    notBefore: new Date(request.notBeforeMs),
    notAfter: new Date(request.notAfterMs),
    publicKey: keys.publicKey,
    signingKey: issuer === undefined ? keys.privateKey : await openKey(issuer.keyPem),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [...request.extensions],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certPem: `${certificate.toString("pem")}\n`, keyPem: `${PemConverter.encode(key, "PRIVATE KEY")}\n` };
}

async function keysOf({ keyPem, algorithm }: CertificateRequest): Promise<CryptoKeyPair> {
  const parameters = keyAlgorithms[algorithm];
  if (keyPem === undefined) {
    return await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]) as CryptoKeyPair;
  }
  const spki = new Uint8Array(createPublicKey(keyPem).export({ format: "der", type: "spki" }));
  return {
    privateKey: await crypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(keyPem), parameters, true, ["sign"]),
    publicKey: await crypto.subtle.importKey("spki", spki, parameters, true, ["verify"]),
  };
}

/** Extensions of a leaf for one purpose. */
export function leafExtensions(purpose: ExtendedKeyUsage, names: JsonGeneralNames): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([purpose]),
    ...names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  ];
}

/** Extensions of an authority, for any purpose or one. */
export function issuerExtensions(options: { pathLength: number; purpose?: ExtendedKeyUsage }): Extension[] {
  return [
    new BasicConstraintsExtension(true, options.pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ...options.purpose === undefined ? [] : [new ExtendedKeyUsageExtension([options.purpose])],
  ];
}

/** A leaf with its issuer behind it. */
function withChain(leaf: CertifiedKey, issuer: CertifiedKey): Leaf {
  return {
    ...leaf,
    chainPem: leaf.certPem + issuer.certPem,
    chain: [leaf, issuer].map(({ certPem }) => derOf(certPem)),
  };
}

/** DER of a certificate in PEM. */
export function derOf(certPem: string): Uint8Array {
  return new Uint8Array(PemConverter.decodeFirst(certPem));
}

const keyAlgorithms = {
  ed25519: { name: "Ed25519" },
  p256: { name: "ECDSA", namedCurve: "P-256" },
  p384: { name: "ECDSA", namedCurve: "P-384" },
} as const;

/** Issuers are P-256, so that every TLS stack takes them. */
function openKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), keyAlgorithms.p256, false, ["sign"]);
}

/** 16 bytes by the key, so that no two certificates of an issuer share one. */
async function serialOf(key: CryptoKey): Promise<string> {
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key));
  // The first bit stays clear: serial numbers are positive.
  return "1" + createHash("sha256").update(spki).digest("hex").slice(0, 31);
}
