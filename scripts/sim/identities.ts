/**
 * Who the simulated vehicles are: real certificates and keys, the same in every run, so that not even the length of a
 * message hangs on anything but the seed. Ed25519 throughout, whose signatures are no matter of chance.
 */
import "reflect-metadata";
import { createHash } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type CertificateCheck, certificateCheck } from "#proto/base/certificate.ts";
import { makeNodeIdentity, type NodeIdentity } from "#proto/session_proof.ts";
import { type Signer, signerOf } from "#proto/signature.ts";

/** What a vehicle shows and signs with. */
export interface Credentials {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
}

/** The fleet's authority. */
export interface Identities {
  readonly checkChain: CertificateCheck;
  /** Of every node. */
  readonly node: NodeIdentity;
  /** Made once per vehicle. */
  of(vehicle: string): Promise<Credentials>;
}

interface KeyPair extends CryptoKeyPair {
  readonly pem: string;
}

const ed25519 = { name: "Ed25519" };
/** PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410). */
const pkcs8Head = Uint8Array.fromHex("302e020100300506032b657004220420");
const validity = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2040-01-01T00:00:00Z") };

/** Makes the authority. */
export async function makeIdentities(): Promise<Identities> {
  const root = await keysOf("root");
  const rootPem = (await issue("CN=sim root", {
    keys: root,
    signer: root,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })).toString("pem");
  const known = new Map<string, Promise<Credentials>>();
  const make = async (vehicle: string): Promise<Credentials> => {
    const keys = await keysOf(vehicle);
    const leaf = await issue(`CN=${vehicle}`, {
      keys,
      signer: root,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ],
    });
    return { chain: [new Uint8Array(leaf.rawData)], signer: signerOf(keys.pem) };
  };
  const { chain: [certificate], signer } = await make("relay");
  return {
    checkChain: certificateCheck({ roots: [rootPem] }),
    node: makeNodeIdentity(certificate, signer),
    of: (vehicle) => {
      const made = known.get(vehicle) ?? make(vehicle);
      known.set(vehicle, made);
      return made;
    },
  };
}

async function keysOf(name: string): Promise<KeyPair> {
  const pkcs8 = new Uint8Array([...pkcs8Head, ...createHash("sha256").update(`sim ${name}`).digest()]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, ed25519, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x }, ed25519, true, ["verify"]);
  return { privateKey, publicKey, pem: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

function issue(
  subject: string,
  { keys, signer, extensions }: { keys: KeyPair; signer: KeyPair; extensions: readonly Extension[] },
) {
  return X509CertificateGenerator.create({
    ...validity,
    serialNumber: `1${createHash("sha256").update(subject).digest("hex").slice(0, 31)}`,
    subject,
    issuer: "CN=sim root",
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: ed25519,
    extensions: [...extensions],
  });
}
