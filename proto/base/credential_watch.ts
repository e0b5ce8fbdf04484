/**
 * Decides when a new certificate and key on disk are used. Pure: it is shown what stands in the files, again and again.
 *
 *     same -- files differ --> changed -- seen twice, good --> same (these are used from now on)
 *     changed -- not good for credentialSettleMs --> faulty (told once per content) -- good --> same
 *     changed, faulty -- the files that are in use stand there again --> same
 *
 * Whoever renews may write the two files one after the other, and neither in one step: a pair that does not belong
 * together is ordinary for a moment, and half a file may look like a whole one. So nothing is used that was not seen
 * twice in a row, and nothing is complained about that may still change by itself. What is in use stays in use until then.
 */
import { asFault, Fault } from "../errors.ts";
import type { Instant } from "../instant.ts";
import { credentialSettleMs } from "../limits.ts";

/** The texts of the two files, PEM. */
export interface CredentialFiles {
  /** The leaf, then intermediates. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Makes of the texts what is used, at a moment (milliseconds since 1970); throws a Fault when they do not serve. */
export type ReadCredentials<Credentials> = (files: CredentialFiles, nowMs: number) => Credentials;

/** What a look at the files came to. */
export type CredentialStep<Credentials> =
  /** Nothing is to be done. */
  | { readonly kind: "keep" }
  /** Use these from the next login on. */
  | { readonly kind: "use"; readonly credentials: Credentials }
  /** What stands there does not serve, and this has not been told yet. What is in use stays so. */
  | { readonly kind: "tell"; readonly fault: Fault };

const keep = { kind: "keep" } as const;

/** What stands in the files and is not in use. */
interface Candidate {
  /** Undefined: they cannot be read. */
  readonly files: CredentialFiles | undefined;
  readonly sinceMs: number;
  isTold: boolean;
}

/** Watches one pair of files. */
export class CredentialWatch<Credentials> {
  readonly #read: ReadCredentials<Credentials>;
  #inUse: CredentialFiles;
  #candidate: Candidate | undefined;
  #fault: Fault | undefined;

  constructor(inUse: CredentialFiles, read: ReadCredentials<Credentials>) {
    this.#read = read;
    this.#inUse = inUse;
  }

  /** Why what stands in the files is not used; undefined while it is, or may settle by itself. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Takes a look: what stands in the files, or why they cannot be read. Wall clock and uptime of `now` are used. */
  handleFiles(found: CredentialFiles | Fault, now: Instant): CredentialStep<Credentials> {
    const files = found instanceof Fault ? undefined : found;
    if (areSame(files, this.#inUse)) return this.#settle();
    const isNew = this.#candidate === undefined || !areSame(files, this.#candidate.files);
    if (isNew) this.#candidate = { files, sinceMs: this.#changedSinceMs ?? now.uptimeMs, isTold: false };
    if (found instanceof Fault) return this.#complain(found, now);
    try {
      const credentials = this.#read(found, Number(now.wallNs / 1_000_000n));
      return isNew ? keep : this.#use(found, credentials);
    } catch (thrown) {
      return this.#complain(asFault(thrown), now);
    }
  }

  /** From the first change on: whoever writes again and again must not silence the complaint. */
  get #changedSinceMs(): number | undefined {
    return this.#candidate?.isTold === true ? undefined : this.#candidate?.sinceMs;
  }

  #settle(): CredentialStep<Credentials> {
    this.#candidate = undefined;
    this.#fault = undefined;
    return keep;
  }

  #use(files: CredentialFiles, credentials: Credentials): CredentialStep<Credentials> {
    this.#inUse = files;
    this.#settle();
    return { kind: "use", credentials };
  }

  #complain(fault: Fault, { uptimeMs }: Instant): CredentialStep<Credentials> {
    const candidate = this.#candidate;
    if (candidate === undefined || uptimeMs - candidate.sinceMs < credentialSettleMs) return keep;
    this.#fault = fault;
    if (candidate.isTold) return keep;
    candidate.isTold = true;
    return { kind: "tell", fault };
  }
}

function areSame(a: CredentialFiles | undefined, b: CredentialFiles | undefined): boolean {
  return a?.certificatePem === b?.certificatePem && a?.keyPem === b?.keyPem;
}
