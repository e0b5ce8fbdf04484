/** The node's own TLS certificate: it must carry the name that vehicles dial, and its hash goes into every Challenge. */
import { createHash, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { Fault } from "#proto/errors.ts";

/** SHA-256 of the leaf (DER) of a PEM chain; throws `bad_config` when it is none or is for another node. */
export function tlsCertificateSha256(certPem: string, node: string): Uint8Array {
  const leaf = leafOf(certPem);
  const carried = isIP(node) === 0 ? leaf.checkHost(node) : leaf.checkIP(node);
  if (carried === undefined) {
    const names = leaf.subjectAltName ?? "no names";
    throw new Fault("bad_config", `Cannot serve node "${node}" with this certificate: it is for ${names}`);
  }
  return createHash("sha256").update(leaf.raw).digest();
}

function leafOf(certPem: string): X509Certificate {
  try {
    return new X509Certificate(certPem);
  } catch (cause) {
    throw new Fault("bad_config", "Cannot read the node's certificate: not PEM of an X.509 certificate", { cause });
  }
}
