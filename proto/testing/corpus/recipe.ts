/**
 * Puts a certificate together part by part, so that any one thing in it can be other than right while all the rest,
 * the signature included, is as it should be.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { bitString, der, derInteger, derTime, extension, join, oid, sequence, set, text } from "../der.ts";

/** Object identifiers as hex of their DER content. */
export const oids = {
  commonName: "550403",
  organisation: "55040a",
  constraints: "551d13",
  usage: "551d0f",
  purposes: "551d25",
  names: "551d11",
  subjectKey: "551d0e",
  clientAuth: "2b06010505070302",
  serverAuth: "2b06010505070301",
} as const;

/** The AlgorithmIdentifiers of the profile. */
export const algorithms = {
  ed25519: Uint8Array.fromHex("300506032b6570"),
  p256: Uint8Array.fromHex("300a06082a8648ce3d040302"),
} as const;

/** The kinds of keys of the profile. */
export type KeyKind = keyof typeof algorithms;

/** A pair of keys. */
export interface Keys {
  readonly kind: KeyKind;
  readonly keyPem: string;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly publicDer: Uint8Array;
}

/** Somebody who may sign. */
export interface Party {
  /** Name as DER. */
  readonly name: Uint8Array;
  readonly keys: Keys;
}

/** What is signed, each part as DER. An empty one is left out. */
export interface Parts {
  readonly version: Uint8Array;
  readonly serial: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subject: Uint8Array;
  readonly key: Uint8Array;
  /** What stands between the key and the extensions. */
  readonly uniqueIds: Uint8Array;
  readonly extensions: Extensions;
}

/** Whole extensions by any name, in their order. */
export type Extensions = Readonly<Record<string, Uint8Array>>;

/** What is other than right. */
export interface Change {
  readonly parts?: (parts: Parts) => Partial<Parts>;
  readonly extensions?: Extensions;
  /** The field that holds the extensions, `[3]`. */
  readonly extensionField?: (field: Uint8Array) => Uint8Array;
  /** Before it is signed. */
  readonly body?: (body: Uint8Array) => Uint8Array;
  /** The algorithm outside of what is signed. */
  readonly algorithm?: Uint8Array;
  /** Who signs. */
  readonly signer?: Keys;
  /** The BIT STRING around the signature. */
  readonly signature?: (signature: Uint8Array) => Uint8Array;
  readonly whole?: (certificate: Uint8Array) => Uint8Array;
}

/** Makes a pair of keys. */
export function makeKeys(kind: KeyKind): Keys {
  const { privateKey } = kind === "ed25519"
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return keysOf(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

/** Takes up a private key in PEM. */
export function keysOf(keyPem: string): Keys {
  const privateKey = createPrivateKey(keyPem);
  const publicKey = createPublicKey(privateKey);
  return {
    kind: publicKey.asymmetricKeyType === "ed25519" ? "ed25519" : "p256",
    keyPem,
    privateKey,
    publicDer: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
  };
}

/** A Name of one common name. */
export function nameOf(commonName: string): Uint8Array {
  return sequence(set(attribute(oids.commonName, text(0x0c, commonName))));
}

/** One type and value of a Name. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), value);
}

/** An interval of validity, milliseconds since 1970. */
export function validityOf(notBeforeMs: number, notAfterMs: number): Uint8Array {
  return sequence(derTime(notBeforeMs), derTime(notAfterMs));
}

/** A SubjectAltName of URIs. */
function urisOf(...uris: readonly string[]): Uint8Array {
  return extension(oids.names, sequence(...uris.map((uri) => text(0x86, uri))));
}

/** Parts of a good leaf as step-ca would make it. */
export function leafParts(
  { vehicle, keys, issuer, nowMs }: { vehicle: string; keys: Keys; issuer: Party; nowMs: number },
): Parts {
  return {
    ...partsOf({ name: nameOf(vehicle), keys }, { issuer, nowMs }),
    extensions: {
      constraints: extension(oids.constraints, sequence(), { critical: true }),
      usage: usageOf(0x80, { unused: 7 }),
      purposes: extension(oids.purposes, sequence(oid(oids.clientAuth))),
      subjectKey: extension(oids.subjectKey, der(4, new Uint8Array(20).fill(7))),
      names: urisOf(`systemscale://vehicle/${vehicle}`),
    },
  };
}

/** Parts of a good issuer of vehicles' leaves. */
export function issuerParts(subject: Party, { issuer, nowMs }: { issuer: Party; nowMs: number }): Parts {
  const constraints = sequence(der(1, Uint8Array.of(0xff)), derInteger("00"));
  return {
    ...partsOf(subject, { issuer, nowMs }),
    extensions: {
      constraints: extension(oids.constraints, constraints, { critical: true }),
      usage: usageOf(0x06, { unused: 1 }),
      purposes: extension(oids.purposes, sequence(oid(oids.clientAuth))),
    },
  };
}

/** A KeyUsage of one byte of flags. */
export function usageOf(flags: number, { unused }: { unused: number }): Uint8Array {
  return extension(oids.usage, bitString(Uint8Array.of(flags), { unused }), { critical: true });
}

/** Signs the parts, with a change or without. */
export function makeCertificate(
  right: Parts,
  { signer, change = {} }: { signer: Keys; change?: Change },
): Uint8Array {
  const parts = { ...right, ...change.parts?.(right) };
  const same = (bytes: Uint8Array) => bytes;
  const extensions = Object.values({ ...parts.extensions, ...change.extensions });
  const field = (change.extensionField ?? same)(der(0xa3, sequence(...extensions)));
  const { version, serial, algorithm, issuer, validity, subject, key, uniqueIds } = parts;
  const body = (change.body ?? same)(
    sequence(version, serial, algorithm, issuer, validity, subject, key, uniqueIds, field),
  );
  const signature = (change.signature ?? same)(bitString(signatureOf(body, change.signer ?? signer)));
  return (change.whole ?? same)(sequence(body, change.algorithm ?? algorithms[signer.kind], signature));
}

/** A signature as certificates carry it. */
function signatureOf(bytes: Uint8Array, { kind, privateKey }: Keys): Uint8Array {
  return new Uint8Array(sign(kind === "ed25519" ? null : "sha256", bytes, { key: privateKey, dsaEncoding: "der" }));
}

function partsOf(subject: Party, { issuer, nowMs }: { issuer: Party; nowMs: number }): Omit<Parts, "extensions"> {
  return {
    version: der(0xa0, derInteger("02")),
    serial: derInteger("5a".repeat(16)),
    algorithm: algorithms[issuer.keys.kind],
    issuer: issuer.name,
    validity: validityOf(nowMs - 3_600_000, nowMs + 3_600_000),
    subject: subject.name,
    key: subject.keys.publicDer,
    uniqueIds: join([]),
  };
}
