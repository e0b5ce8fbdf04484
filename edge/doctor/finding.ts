/** What the doctor says: one finding for each thing it looked at. The names are part of the contract of `--json`. */
import type { Code } from "#proto/errors.ts";

/** What is looked at, in the order in which one thing stands on another: the first bad one is the cause. */
export const checks = [
  "config",
  "identity",
  "clock",
  "certificate",
  "disk",
  "ring",
  "name",
  "network",
  "relay_certificate",
  "login",
  "link",
] as const;
/** One of {@link checks}. */
export type Check = typeof checks[number];

/** All that can be wrong. */
export type Cause =
  // config, identity
  | "config_bad"
  | "credentials_bad"
  // clock: behind or ahead of what is certain; off: another time than the relay's
  | "clock_behind"
  | "clock_ahead"
  | "clock_off"
  // certificate
  | "certificate_expired"
  | "certificate_not_yet_valid"
  | "certificate_ending"
  // disk
  | "disk_failed"
  | "disk_full"
  | "disk_short"
  // ring
  | "ring_in_use"
  | "ring_full"
  | "ring_overwrites"
  | "ring_refuses"
  // name, network
  | "name_unknown"
  | "network_down"
  | "udp_blocked"
  | "relay_unreachable"
  // relay_certificate
  | "relay_name_mismatch"
  | "relay_issuer_unknown"
  | "relay_certificate_expired"
  | "relay_certificate_not_yet_valid"
  | "relay_not_ours"
  // login
  | "relay_silent"
  | "relay_refuses"
  // link
  | "relay_not_ready"
  | "agent_not_linked";

/** One thing that was looked at. */
export interface Finding {
  readonly check: Check;
  readonly state: "good" | "warning" | "bad";
  /** What is wrong; none when it is good. */
  readonly cause?: Cause;
  /** What the relay said, where it refuses. */
  readonly code?: Code;
  /** One sentence for people. */
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Nothing is wrong here. */
export function good(check: Check, says: string): Finding {
  return { check, state: "good", says };
}

/** The cause of the trouble: the first bad finding in the order of {@link checks}; undefined when none is bad. */
export function causeOf(findings: readonly Finding[]): Finding | undefined {
  return inOrder(findings).find(({ state }) => state === "bad");
}

/** Findings in the order of {@link checks}; of one check, as they came. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => checks.indexOf(a.check) - checks.indexOf(b.check));
}
