/** Certificate files of one relay or vehicle: made when they are missing or of no use any more. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { join } from "node:path";
import { certificatesOf } from "#proto/base/pem.ts";
import { isSignedBy } from "#proto/base/signed.ts";
import { readX509 } from "#proto/base/x509.ts";
import type { CertifiedKey } from "#proto/testing/certificates.ts";

/** With less than this left a leaf is made anew: a third of what step-ca gives. */
const leftMinMs = 10 * 86_400_000;

/** Files `NAME.crt` and `NAME.key` in a folder. */
export interface PairPlace {
  readonly folder: string;
  readonly name: string;
}

/** Makes a leaf's files unless they are there and {@link isUsable}. */
export async function ensureLeaf(
  place: PairPlace,
  { issuerPem, issue }: { issuerPem: string; issue: () => Promise<{ chainPem: string; keyPem: string }> },
): Promise<void> {
  await Deno.mkdir(place.folder, { recursive: true });
  const kept = await readPair(place);
  if (kept !== undefined && isUsable(kept, { issuerPem, nowMs: Date.now() })) return;
  const { chainPem, keyPem } = await issue();
  await writePair(place, { certPem: chainPem, keyPem });
}

/** Whether a leaf is of this issuer, fits its key, and lasts for a while. */
export function isUsable(
  { certPem, keyPem }: CertifiedKey,
  { issuerPem, nowMs }: { issuerPem: string; nowMs: number },
): boolean {
  const [leaf, issuer] = [certPem, issuerPem].map((pem) => readX509(certificatesOf(pem)[0]));
  return isSignedBy(leaf, issuer.publicKey) && leaf.publicKey.equals(createPublicKey(createPrivateKey(keyPem))) &&
    leaf.notAfterMs - nowMs > leftMinMs;
}

/** Reads a pair; undefined when a part is missing. */
export async function readPair({ folder, name }: PairPlace): Promise<CertifiedKey | undefined> {
  try {
    const [certPem, keyPem] = await Promise.all([
      Deno.readTextFile(join(folder, `${name}.crt`)),
      Deno.readTextFile(join(folder, `${name}.key`)),
    ]);
    return { certPem, keyPem };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes a pair; the key is its owner's alone. Whoever is killed meanwhile leaves whole files, of one pair or of two. */
export async function writePair({ folder, name }: PairPlace, pair: CertifiedKey): Promise<void> {
  await writeWhole(join(folder, `${name}.key`), pair.keyPem, { mode: 0o600 });
  await writeWhole(join(folder, `${name}.crt`), pair.certPem);
}

async function writeWhole(file: string, text: string, options: Deno.WriteFileOptions = {}): Promise<void> {
  await Deno.writeTextFile(`${file}.new`, text, options);
  await Deno.rename(`${file}.new`, file);
}
