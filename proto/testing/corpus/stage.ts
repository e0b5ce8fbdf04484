/** Who takes part in the corpus, and how a change of a leaf becomes a chain. */
import { certificatesOf } from "../../base/pem.ts";
import { readX509 } from "../../base/x509.ts";
import type { CertifiedKey } from "../certificates.ts";
import {
  type Change,
  type Extensions,
  issuerParts,
  type KeyKind,
  type Keys,
  keysOf,
  leafParts,
  makeCertificate,
  makeKeys,
  nameOf,
  type Party,
} from "./recipe.ts";

/** Whose certificates are made. */
export interface Stage {
  /** For people: `ed25519 leaf, p256 issuer`. */
  readonly name: string;
  readonly vehicle: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly root: Party;
  readonly issuer: Party;
  readonly leaf: Keys;
  /** Somebody of the issuer's name whom nobody trusts. */
  readonly stranger: Party;
}

/** Two stages under a trusted root, so that each kind of key stands at each place. */
export function makeStages(root: CertifiedKey, { vehicle, nowMs }: { vehicle: string; nowMs: number }): Stage[] {
  const name = Uint8Array.fromHex(readX509(certificatesOf(root.certPem)[0]).subject);
  const kinds: [KeyKind, KeyKind][] = [["ed25519", "p256"], ["p256", "ed25519"]];
  return kinds.map(([leaf, issuer]) => {
    const issuerName = nameOf(`corpus issuer ${issuer}`);
    return {
      name: `${leaf} leaf, ${issuer} issuer`,
      vehicle,
      nowMs,
      root: { name, keys: keysOf(root.keyPem) },
      issuer: { name: issuerName, keys: makeKeys(issuer) },
      leaf: makeKeys(leaf),
      stranger: { name: issuerName, keys: makeKeys(issuer) },
    };
  });
}

/** The stage's leaf, with a change or without. */
export function leafOf(stage: Stage, change?: Change): Uint8Array {
  const { vehicle, leaf: keys, issuer, nowMs } = stage;
  return makeCertificate(leafParts({ vehicle, keys, issuer, nowMs }), { signer: issuer.keys, change });
}

/** The extensions of the stage's leaf. */
export function leafExtensionsOf({ vehicle, leaf: keys, issuer, nowMs }: Stage): Extensions {
  return leafParts({ vehicle, keys, issuer, nowMs }).extensions;
}

/** The stage's issuer, with a change or without. */
export function issuerOf(stage: Stage, change?: Change): Uint8Array {
  const { issuer, root, nowMs } = stage;
  return makeCertificate(issuerParts(issuer, { issuer: root, nowMs }), { signer: root.keys, change });
}
