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
import { checkDates } from "#proto/base/certificate.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Instant } from "#proto/instant.ts";
import { credentialSettleMs } from "../limits.ts";
import { type CredentialFiles, type Credentials, readCredentials } from "../identity.ts";

/** What a look at the files came to. */
export type CredentialStep =
  /** Nothing is to be done. */
  | { readonly kind: "keep" }
  /** Use these from the next login on. */
  | { readonly kind: "use"; readonly credentials: Credentials }
  /** What stands there does not serve, and this has not been told yet. What is in use stays so. */
  | { readonly kind: "tell"; readonly fault: Fault };

const keep: CredentialStep = { kind: "keep" };

/** What stands in the files and is not in use. */
interface Candidate {
  /** Undefined: they cannot be read. */
  readonly files: CredentialFiles | undefined;
  readonly sinceMs: number;
  isTold: boolean;
}

/** Watches one vehicle's files. */
export class CredentialWatch {
  readonly #vehicleId: VehicleId;
  #inUse: CredentialFiles;
  #candidate: Candidate | undefined;
  #fault: Fault | undefined;

  constructor(vehicleId: VehicleId, inUse: CredentialFiles) {
    this.#vehicleId = vehicleId;
    this.#inUse = inUse;
  }

  /** Why what stands in the files is not used; undefined while it is, or may settle by itself. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Takes a look: what stands in the files, or why they cannot be read. Wall clock and uptime of `now` are used. */
  handleFiles(found: CredentialFiles | Fault, now: Instant): CredentialStep {
    const files = found instanceof Fault ? undefined : found;
    if (areSame(files, this.#inUse)) return this.#settle();
    const isNew = this.#candidate === undefined || !areSame(files, this.#candidate.files);
    if (isNew) this.#candidate = { files, sinceMs: this.#changedSinceMs ?? now.uptimeMs, isTold: false };
    if (found instanceof Fault) return this.#complain(found, now);
    try {
      const credentials = readCredentials(found, this.#vehicleId);
      checkDates(credentials.leaf, Number(now.wallNs / 1_000_000n));
      return isNew ? keep : this.#use(found, credentials);
    } catch (thrown) {
      return this.#complain(asFault(thrown), now);
    }
  }

  /** From the first change on: whoever writes again and again must not silence the complaint. */
  get #changedSinceMs(): number | undefined {
    return this.#candidate?.isTold === true ? undefined : this.#candidate?.sinceMs;
  }

  #settle(): CredentialStep {
    this.#candidate = undefined;
    this.#fault = undefined;
    return keep;
  }

  #use(files: CredentialFiles, credentials: Credentials): CredentialStep {
    this.#inUse = files;
    this.#settle();
    return { kind: "use", credentials };
  }

  #complain(fault: Fault, { uptimeMs }: Instant): CredentialStep {
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
