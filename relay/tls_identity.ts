/** The node's own TLS certificate: it must carry the name that vehicles dial, and its hash goes into every Challenge. */
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { checkDates } from "#proto/base/certificate.ts";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import type { Validity } from "#proto/base/expiry_warnings.ts";
import { Fault } from "#proto/errors.ts";
import { makeNodeIdentity, type NodeIdentity } from "#proto/session_proof.ts";
import { signerOf } from "#proto/signature.ts";

/** A certificate with its key, read and found to belong together and to the node. */
export interface TlsIdentity extends NodeIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly leaf: Validity & { /** Hex. */ readonly serial: string };
}

/**
 * Reads the PEM chain and key of a node; throws `bad_config` when they are none, do not belong together, are for another
 * node, or the key is neither Ed25519 nor P-256: it signs who carries a session. Dates are not looked at: a clock may be wrong at the start.
 */
export function readTlsIdentity({ certificatePem, keyPem }: CredentialFiles, node: string): TlsIdentity {
  const leaf = leafOf(certificatePem);
  const carried = isIP(node) === 0 ? leaf.checkHost(node) : leaf.checkIP(node);
  if (carried === undefined) {
    const names = leaf.subjectAltName ?? "no names";
    throw new Fault("bad_config", `Cannot serve node "${node}" with this certificate: it is for ${names}`);
  }
  if (!publicKeyOf(keyPem).equals(leaf.publicKey)) {
    throw new Fault("bad_config", "Cannot serve with certificate and key: the certificate is for another key");
  }
  return {
    certPem: certificatePem,
    keyPem,
    ...makeNodeIdentity(new Uint8Array(leaf.raw), signerOf(keyPem)),
    leaf: {
      serial: leaf.serialNumber.toLowerCase(),
      notBeforeMs: Date.parse(leaf.validFrom),
      notAfterMs: Date.parse(leaf.validTo),
    },
  };
}

/** The same for a pair that shall take the place of another, which must be in time too, milliseconds since 1970. */
export function readNewTlsIdentity(
  files: CredentialFiles,
  { node, nowMs }: { node: string; nowMs: number },
): TlsIdentity {
  const identity = readTlsIdentity(files, node);
  checkDates(identity.leaf, nowMs);
  return identity;
}

function leafOf(certPem: string): X509Certificate {
  try {
    return new X509Certificate(certPem);
  } catch (cause) {
    throw new Fault("bad_config", "Cannot read the node's certificate: not PEM of an X.509 certificate", { cause });
  }
}

function publicKeyOf(keyPem: string): KeyObject {
  try {
    return createPublicKey(keyPem);
  } catch (cause) {
    throw new Fault("bad_config", "Cannot read the node's private key: not PEM of a key", { cause });
  }
}
