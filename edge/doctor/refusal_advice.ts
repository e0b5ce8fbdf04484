/** What to do about a relay's refusal. */
import type { Code } from "#proto/errors.ts";

const enrolAnew = "The certificate was revoked: enrol the vehicle anew.";
const renew = "By the relay's clock the certificate is out of time: renew it.";
const template = "Have a certificate issued with the fleet's template.";
const wait = "The relay takes nobody at the moment: the agent tries again by itself.";

const advice: Partial<Record<Code, string>> = {
  unknown_issuer: "The relay does not know who issued this certificate: enrol the vehicle at the fleet's own CA.",
  certificate_revoked: enrolAnew,
  revocation_unknown: "The relay has no fresh list of revoked certificates: see its log for why it cannot fetch it.",
  certificate_expired: renew,
  certificate_not_yet_valid: renew,
  bad_certificate: template,
  identity_mismatch: template,
  wrong_node: "relay.addresses must use the relay's own node name.",
  duplicate_identity: "Another vehicle is linked with this certificate: see whether this machine's disk was copied.",
  superseded: "A newer session of this vehicle took over: see whether a second agent runs.",
  busy: wait,
  draining: wait,
  not_ready: wait,
};

/** Undefined for codes that are no refusal of a login, or that tell nothing to do. */
export function adviceOnRefusal(code: Code): string | undefined {
  return advice[code];
}
