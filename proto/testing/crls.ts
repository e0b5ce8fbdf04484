/** Lists of revoked certificates for tests: good ones, and with any one thing wrong. */
import "reflect-metadata";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { X509Certificate } from "@peculiar/x509";
import type { CertifiedKey } from "./certificates.ts";
import { der, derInteger, derTime, extension, join } from "./der.ts";

/** What a list is made of. */
export interface CrlRequest {
  readonly issuer: CertifiedKey;
  readonly number: bigint;
  /** Milliseconds since 1970; whole seconds are kept. */
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** In hex. */
  readonly serials?: readonly string[];
  /** What is other than right. */
  readonly change?: Partial<CrlParts>;
}

/** Parts of what is signed, each as DER. */
export interface CrlParts {
  readonly version: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly thisUpdate: Uint8Array;
  readonly nextUpdate: Uint8Array;
  /** Contents of the list of entries. */
  readonly entries: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** Makes a list (DER), signed by the issuer's key, which may be P-256 or Ed25519. */
export function makeCrl(request: CrlRequest): Uint8Array {
  const { issuer, number, thisUpdateMs, nextUpdateMs, serials = [] } = request;
  const key = createPrivateKey(issuer.keyPem);
  const isEd25519 = createPublicKey(key).asymmetricKeyType === "ed25519";
  const algorithm = Uint8Array.fromHex(isEd25519 ? "300506032b6570" : "300a06082a8648ce3d040302");
  const parts: CrlParts = {
    version: der(2, Uint8Array.of(1)),
    algorithm,
    issuer: new Uint8Array(new X509Certificate(issuer.certPem).subjectName.toArrayBuffer()),
    thisUpdate: derTime(thisUpdateMs),
    nextUpdate: derTime(nextUpdateMs),
    entries: join(serials.map((serial) => crlEntry(serial, thisUpdateMs))),
    extensions: [crlNumber(number)],
    ...request.change,
  };
  const signed = der(
    0x30,
    join([
      ...[parts.version, parts.algorithm, parts.issuer, parts.thisUpdate, parts.nextUpdate],
      ...parts.entries.length === 0 ? [] : [der(0x30, parts.entries)],
      der(0xa0, der(0x30, join(parts.extensions))),
    ]),
  );
  const signature = sign(isEd25519 ? null : "sha256", signed, { key, dsaEncoding: "der" });
  return der(0x30, join([signed, algorithm, der(3, join([Uint8Array.of(0), signature]))]));
}

/** One entry, perhaps with extensions. */
export function crlEntry(serial: string, revokedMs: number, extensions: readonly Uint8Array[] = []): Uint8Array {
  const own = extensions.length === 0 ? [] : [der(0x30, join(extensions))];
  return der(0x30, join([derInteger(serial), derTime(revokedMs), ...own]));
}

/** The extension that numbers a list. */
export function crlNumber(number: bigint): Uint8Array {
  return extension("551d14", derInteger(number.toString(16)));
}
