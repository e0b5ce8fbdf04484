/**
 * Bad certificates, each with exactly one thing wrong against the profile of protocol.md section 3 and RFC 5280, and
 * signed all the same, so that the one thing alone can be what is refused. Each kind of key stands at each place.
 */
import type { CertifiedKey } from "./certificates.ts";
import type { BadChain } from "./corpus/bad_chain.ts";
import { badChains } from "./corpus/chains.ts";
import { badEncodings } from "./corpus/encodings.ts";
import { badExtensions } from "./corpus/extensions.ts";
import { badFields } from "./corpus/fields.ts";
import { badKeys } from "./corpus/keys.ts";
import { badRights } from "./corpus/rights.ts";
import { badSignatures } from "./corpus/signatures.ts";
import { issuerOf, leafOf, makeStages } from "./corpus/stage.ts";
import { badSubjects } from "./corpus/subjects.ts";
import { badTimes } from "./corpus/times.ts";
import { badUris } from "./corpus/uris.ts";
import type { Code } from "../errors.ts";

/** One of them, made when it is asked for. */
export interface CorpusCase {
  /** `keys`, `subjects` and so on. */
  readonly group: string;
  /** The one fault, and the kinds of keys. */
  readonly name: string;
  /** What the check answers, and what a login does. */
  readonly code: Code;
  readonly codeAtLogin: Code;
  /** DER, leaf first. */
  chain(): Uint8Array[];
  /** The same without the fault, which is taken. */
  control(): Uint8Array[];
  /** The key to which a leaf without a fault in its key belongs, PEM. */
  readonly keyPem: string;
}

/** Groups of faults. */
const groups: Readonly<Record<string, readonly BadChain[]>> = {
  fields: badFields,
  times: badTimes,
  subjects: badSubjects,
  uris: badUris,
  extensions: badExtensions,
  rights: badRights,
  keys: badKeys,
  signatures: badSignatures,
  encodings: badEncodings,
  chains: badChains,
};

/** The corpus under a trusted root, for a moment (milliseconds since 1970). */
export function certificateCorpus(root: CertifiedKey, options: { vehicle: string; nowMs: number }): CorpusCase[] {
  return makeStages(root, options).flatMap((stage) =>
    Object.entries(groups).flatMap(([group, bad]) =>
      bad.map(({ name, code, codeAtLogin = code, chain, control }) => ({
        group,
        name: `${name} (${stage.name})`,
        code,
        codeAtLogin,
        chain: () => chain(stage),
        control: () => control === undefined ? [leafOf(stage), issuerOf(stage)] : control(stage),
        keyPem: stage.leaf.keyPem,
      }))
    )
  );
}
