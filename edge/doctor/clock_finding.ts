/**
 * Judges the machine's clock. Pure. A wrong clock shows as certificates out of time, so it is asked for first. It is held
 * for wrong on the word of a relay, of a moment that has certainly passed, or of two certificates that are out of time on
 * the same side; one alone may simply be so.
 */
import type { LeafFacts } from "#proto/base/certificate.ts";
import { Fault } from "#proto/errors.ts";
import { clockLiftOf } from "../clock_floor.ts";
import type { ClockEvidence, RelayEvidence } from "./evidence.ts";
import { type Finding, good } from "./finding.ts";
import { dateText, spanText } from "./time_text.ts";
import { tlsFailureOf } from "./tls_failure.ts";

/** By so much a clock may differ from the relay's without a word. */
const toleratedMs = 60_000;

/** Whether the clock is right, as far as one can tell. */
export function clockFinding(
  clock: ClockEvidence,
  { leaf, relays }: { leaf: LeafFacts | Fault; relays: readonly RelayEvidence[] },
): Finding {
  const relayNs = timeByRelays(relays);
  if (relayNs !== undefined) return comparedWithRelay(clock, { leaf, relayNs });
  return behindPassed(clock) ?? againstCertificates(clock, { leaf, relays }) ??
    good("clock", `The clock says ${text(clock)}${clock.synchronized ? ", and the kernel holds it for right" : ""}`);
}

/** The time of a relay that answered; undefined when none did. */
export function timeByRelays(relays: readonly RelayEvidence[]): bigint | undefined {
  for (const { quic } of relays) if (quic?.kind === "challenged") return quic.relayTimeNs;
  return undefined;
}

function comparedWithRelay(
  clock: ClockEvidence,
  { leaf, relayNs }: { leaf: LeafFacts | Fault; relayNs: bigint },
): Finding {
  const aheadMs = Number((clock.wallNs - relayNs) / 1_000_000n);
  const says = `The clock says ${text(clock)}, ${spanText(Math.abs(aheadMs))} ${
    aheadMs > 0 ? "after" : "before"
  } the relay's`;
  if (Math.abs(aheadMs) <= toleratedMs) {
    return good("clock", `The clock says ${text(clock)}, and agrees with the relay's`);
  }
  // Telemetry is stored by the relay's time then; a certificate that seems out of time keeps the vehicle out.
  if (leaf instanceof Fault || isInTime(leaf, clock)) {
    return { check: "clock", state: "warning", cause: "clock_off", says, advice: setIt };
  }
  return { check: "clock", state: "bad", cause: aheadMs > 0 ? "clock_ahead" : "clock_behind", says, advice: setIt };
}

function behindPassed({ wallNs, passed, synchronized }: ClockEvidence): Finding | undefined {
  // A certificate for later is no proof against a clock that the kernel holds for right.
  const lift = clockLiftOf(wallNs, synchronized ? { ...passed, certificate: undefined } : passed);
  if (lift === undefined) return undefined;
  const says = `The clock says ${text({ wallNs })}, and ${dateOf(lift.toNs)} has passed, by the ${lift.source}`;
  const advice = `systemscale-agent clock-floor lifts it. ${setIt}`;
  return { check: "clock", state: "bad", cause: "clock_behind", says, advice };
}

function againstCertificates(
  clock: ClockEvidence,
  { leaf, relays }: { leaf: LeafFacts | Fault; relays: readonly RelayEvidence[] },
): Finding | undefined {
  if (clock.synchronized || leaf instanceof Fault) return undefined;
  const nowMs = Number(clock.wallNs / 1_000_000n);
  const failures = relays.map(({ quic }) => quic?.kind === "failed" ? tlsFailureOf(quic.reason) : undefined);
  if (nowMs <= leaf.notAfterMs || !failures.includes("relay_certificate_expired")) return undefined;
  const says = `The clock says ${text(clock)}, by which the vehicle's and the relay's certificates have both ended`;
  return { check: "clock", state: "bad", cause: "clock_ahead", says, advice: setIt };
}

function isInTime({ notBeforeMs, notAfterMs }: LeafFacts, { wallNs }: ClockEvidence): boolean {
  const nowMs = Number(wallNs / 1_000_000n);
  return notBeforeMs <= nowMs && nowMs < notAfterMs;
}

const setIt = "See that the time comes from the network (NTP) or from GPS.";

function text({ wallNs }: Pick<ClockEvidence, "wallNs">): string {
  return dateOf(wallNs);
}

function dateOf(ns: bigint): string {
  return dateText(Number(ns / 1_000_000n));
}
