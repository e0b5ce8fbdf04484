/** What a node shows to vehicles, of a leaf for tests. */
import { createHash } from "node:crypto";
import type { NodeIdentity } from "../session_proof.ts";
import { signerOf } from "../signature.ts";
import type { Leaf } from "./certificates.ts";

/** The identity of a node that has this leaf. */
export function makeNodeIdentity({ chain: [certificate], keyPem }: Leaf): NodeIdentity {
  const sha256 = new Uint8Array(createHash("sha256").update(certificate).digest());
  return { certificate, sha256, signer: signerOf(keyPem) };
}
