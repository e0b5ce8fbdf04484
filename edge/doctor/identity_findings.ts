/** Judges the vehicle's certificate and key. Pure. */
import type { LeafFacts } from "#proto/base/certificate.ts";
import { notBeforeToleranceMs } from "#proto/base/certificate.ts";
import { Fault } from "#proto/errors.ts";
import { type Finding, good } from "./finding.ts";
import { dateText, spanText } from "./time_text.ts";

const dayMs = 86_400_000;
/** Before its end a certificate should have been renewed. */
const warnedDays = 30;

/** Whether certificate and key serve at all. */
export function identityFinding(leaf: LeafFacts | Fault): Finding {
  if (!(leaf instanceof Fault)) {
    return good("identity", `The certificate is for "${leaf.vehicle}", and belongs to the key`);
  }
  return {
    check: "identity",
    state: "bad",
    cause: "credentials_bad",
    says: leaf.message,
    advice: "Put the certificate that was issued for this vehicle and its own key where the configuration says.",
  };
}

/** Whether the certificate is in time; `nowMs` is the best time that is known. */
export function certificateFinding({ notBeforeMs, notAfterMs }: LeafFacts, nowMs: number): Finding {
  const check = "certificate";
  const left = notAfterMs - nowMs;
  if (left <= 0) {
    return {
      check,
      state: "bad",
      cause: "certificate_expired",
      says: `The certificate ended on ${dateText(notAfterMs)}, ${spanText(-left)} ago`,
      advice: "Enrol the vehicle anew: a certificate that has ended is renewed by no CA that does not allow it.",
    };
  }
  if (notBeforeMs - nowMs > notBeforeToleranceMs) {
    return {
      check,
      state: "bad",
      cause: "certificate_not_yet_valid",
      says: `The certificate begins on ${dateText(notBeforeMs)}, in ${spanText(notBeforeMs - nowMs)}`,
      advice: "Wait, or have one issued that holds from now on.",
    };
  }
  const says = `The certificate holds until ${dateText(notAfterMs)}, for ${spanText(left)}`;
  // One that was made for a shorter time is renewed later.
  if (left > warnedDays * dayMs || left > (notAfterMs - notBeforeMs) / 3) return good(check, says);
  return {
    check,
    state: "warning",
    cause: "certificate_ending",
    says,
    advice: "systemscale-agent renew renews it; its timer does so by itself.",
  };
}
