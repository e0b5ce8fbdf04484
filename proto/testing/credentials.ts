/** Pairs of certificate and key that are plain words, for tests of whoever looks after such pairs. */
import type { CredentialFiles, ReadCredentials } from "../base/credential_watch.ts";
import type { Validity } from "../base/expiry_warnings.ts";
import { Fault } from "../errors.ts";

/** What {@link readWords} makes of a pair. */
export interface WordCredentials {
  readonly leaf: Validity & { readonly serial: string };
  /** Words behind the validity. */
  readonly chain: readonly string[];
}

/** A pair of a name; words may stand behind the leaf in its certificate file. */
export function wordPair(serial: string, { notBeforeMs, notAfterMs }: Validity, ...chain: string[]): CredentialFiles {
  return { certificatePem: [serial, notBeforeMs, notAfterMs, ...chain].join(" "), keyPem: `key of ${serial}` };
}

/** Reads such a pair as real ones are read: they must belong together and be in time. */
export const readWords: ReadCredentials<WordCredentials> = ({ certificatePem, keyPem }, nowMs) => {
  const [serial, notBeforeMs, notAfterMs, ...chain] = certificatePem.split(" ");
  const leaf = { serial, notBeforeMs: Number(notBeforeMs), notAfterMs: Number(notAfterMs) };
  if (!(leaf.notAfterMs > 0)) throw new Fault("bad_config", "Cannot use certificate file: no certificate in it");
  if (keyPem !== `key of ${serial}`) throw new Fault("bad_config", "Cannot use certificate: it is for another key");
  if (nowMs > leaf.notAfterMs) throw new Fault("certificate_expired", "Cannot use certificate: it ended");
  if (nowMs < leaf.notBeforeMs) throw new Fault("certificate_not_yet_valid", "Cannot use certificate: it begins later");
  return { leaf, chain };
};
