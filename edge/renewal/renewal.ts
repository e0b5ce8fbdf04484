/**
 * Has the vehicle's certificate renewed by its CA, over a network that is there when it is there. The world comes in
 * through two ports.
 *
 *     looking -- not due --> over            looking -- ended --> over: only an operator can issue another
 *     looking -- due --> asking -- good certificate --> replaced, over
 *     asking -- refused --> over             asking -- failed --> waiting -- time --> asking
 *     waiting -- renewMsMax is near --> given up, over
 *
 * The key stays: a new one would make two files of which a crash could leave one old and one new, a pair that no agent
 * starts with. So one rename replaces all there is to replace.
 */
import { daysLeft, type Validity } from "#proto/base/expiry_warnings.ts";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Clock, Log, Random } from "#proto/ports.ts";
import { readCredentials, readNewCredentials } from "../identity.ts";
import { renewDelayMs, renewDelayMsMax, renewLifePart, renewMsMax } from "../limits.ts";

/** What the CA made of it. */
export type Renewed =
  /** The new certificate with its issuer, PEM. */
  | { readonly kind: "renewed"; readonly certificatePem: string }
  /** The CA answered, and will not: it was revoked there, or the CA does not know it. */
  | { readonly kind: "refused"; readonly detail: string }
  /** Not this time. */
  | { readonly kind: "failed"; readonly detail: string };

/** Whoever certifies. */
export interface CertificateAuthority {
  /** Asks once, in bounded time. Rejects with `bad_config` when nothing could be asked with what is configured. */
  renew(): Promise<Renewed>;
}

/** The two files. */
export interface CredentialFolder {
  read(): Promise<CredentialFiles>;
  /** Puts another certificate in the place of the present one, in one step, and durably. */
  replaceCertificate(certificatePem: string): Promise<void>;
}

/** What {@link renewCertificate} works with. */
export interface RenewalParts {
  readonly vehicleId: VehicleId;
  readonly authority: CertificateAuthority;
  readonly folder: CredentialFolder;
  readonly clock: Clock;
  readonly random: Pick<Random, "fraction">;
  readonly log: Log;
  /** `anyway`: although it is not due, or has ended. */
  readonly when: "due" | "anyway";
}

/** How it ended. */
export type RenewalEnd =
  | { readonly kind: "not_due"; readonly daysLeft: number; readonly dueAtMs: number }
  /** Ends then, milliseconds since 1970. */
  | { readonly kind: "renewed"; readonly notAfterMs: number }
  | { readonly kind: "ended"; readonly notAfterMs: number }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "given_up"; readonly attempts: number; readonly detail: string };

/** When a certificate is to be renewed, milliseconds since 1970. */
function renewalDueMs({ notBeforeMs, notAfterMs }: Validity): number {
  return notAfterMs - (notAfterMs - notBeforeMs) * renewLifePart;
}

/** See the head of this file. Rejects with `bad_config` and `disk_failed` alone. */
export async function renewCertificate(parts: RenewalParts): Promise<RenewalEnd> {
  const { folder, vehicleId, clock, when } = parts;
  const files = await folder.read();
  const { leaf } = readCredentials(files, vehicleId);
  const nowMs = wallMs(clock);
  if (when === "due") {
    const dueAtMs = renewalDueMs(leaf);
    if (nowMs > leaf.notAfterMs) return { kind: "ended", notAfterMs: leaf.notAfterMs };
    if (nowMs < dueAtMs) return { kind: "not_due", daysLeft: daysLeft(leaf, nowMs), dueAtMs };
  }
  return await askPatiently(parts, { ...files, notAfterMs: leaf.notAfterMs });
}

async function askPatiently(parts: RenewalParts, present: Present): Promise<RenewalEnd> {
  const { clock, random, log } = parts;
  const untilMs = clock.uptimeMs() + renewMsMax;
  for (let attempts = 1;; attempts++) {
    const answer = await askOnce(parts, present);
    if (answer.kind !== "failed") return answer;
    const bound = Math.min(renewDelayMsMax, renewDelayMs * 2 ** (attempts - 1));
    // Never at once: at least half of the bound.
    const delayMs = bound * (1 + random.fraction()) / 2;
    if (clock.uptimeMs() + delayMs >= untilMs) return { kind: "given_up", attempts, detail: answer.detail };
    log.warn("Cannot renew certificate, trying again", {
      attempts,
      delayMs: Math.round(delayMs),
      reason: answer.detail,
    });
    await clock.after(delayMs);
  }
}

/** What stands in the files now. */
interface Present extends CredentialFiles {
  readonly notAfterMs: number;
}

async function askOnce(
  { authority, folder, vehicleId, clock }: RenewalParts,
  { keyPem, notAfterMs }: Present,
): Promise<RenewalEnd | Extract<Renewed, { kind: "failed" }>> {
  const answer = await authority.renew();
  if (answer.kind !== "renewed") return answer;
  const { certificatePem } = answer;
  let leaf: Validity;
  try {
    ({ leaf } = readNewCredentials({ certificatePem, keyPem }, { vehicleId, nowMs: wallMs(clock) }));
    if (leaf.notAfterMs <= notAfterMs) {
      throw new Fault("bad_certificate", "Cannot use new certificate: it ends no later than the present one");
    }
  } catch (thrown) {
    return { kind: "refused", detail: asFault(thrown).message };
  }
  await folder.replaceCertificate(certificatePem);
  return { kind: "renewed", notAfterMs: leaf.notAfterMs };
}

function wallMs(clock: Clock): number {
  return Number(clock.wallNs() / 1_000_000n);
}
