/**
 * Why a vehicle is silent: what is looked at, in the order in which one thing stands on another; the first bad one is the
 * cause. Pure. Evidence: registry, what relays say, what they refused, the certificate, and the ledger.
 */
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import { certificateDays, silentMs } from "./limits.ts";
import type { Standing } from "./fleet.ts";

/** What is looked at, in this order. */
export const fleetChecks = ["registration", "certificate", "login", "link", "data", "ledger"] as const;
/** One of {@link fleetChecks}. */
export type FleetCheck = typeof fleetChecks[number];

/** One thing that was looked at. */
export interface FleetFinding {
  readonly check: FleetCheck;
  readonly state: "good" | "warning" | "bad" | "unknown";
  /** A code, or one of our words; empty when good. */
  readonly cause: string;
  /** A sentence for people. */
  readonly says: string;
  /** What to do about it, where something is to be done. */
  readonly advice?: string;
}

/** What there is to judge by. */
export interface Evidence {
  readonly standing: Standing;
  /** The ledger's account; undefined: never heard. Null: the store does not answer. */
  readonly account: VehicleAccount | undefined | null;
  /** Ms since 1970. */
  readonly nowMs: number;
}

const dayMs = 86_400_000;

/** All findings. */
export function explain(evidence: Evidence): FleetFinding[] {
  const { standing, account, nowMs } = evidence;
  return [
    registrationFinding(standing),
    certificateFinding(standing, nowMs),
    loginFinding(standing),
    linkFinding(standing),
    dataFinding(standing),
    ledgerFinding(account, nowMs),
  ];
}

/** The first bad finding, else the first that is not good; undefined when all is well. */
export function causeOf(findings: readonly FleetFinding[]): FleetFinding | undefined {
  return findings.find(({ state }) => state === "bad") ?? findings.find(({ state }) => state !== "good");
}

function registrationFinding({ entry, presence: { state } }: Standing): FleetFinding {
  const check = "registration";
  if (entry === undefined) {
    const says = "Nobody registered this vehicle";
    const advice = "POST /v1/vehicles; until then its data is kept and it takes no commands";
    return {
      check,
      state: state === "awaiting_registration" ? "bad" : "warning",
      cause: "not_registered",
      says,
      advice,
    };
  }
  if (entry.registration.archivedAtMs === undefined) return good(check, "The vehicle is registered");
  const advice = "POST /v1/vehicles takes it into operation again";
  return { check, state: "warning", cause: "archived", says: "The vehicle is archived", advice };
}

function certificateFinding({ links: { link, past } }: Standing, nowMs: number): FleetFinding {
  const check = "certificate";
  const notAfterMs = link?.certificateNotAfterMs ?? past.certificateNotAfterMs;
  if (notAfterMs === undefined) return unknown(check, "No certificate of this vehicle was seen in a login");
  const days = Math.floor((notAfterMs - nowMs) / dayMs);
  const advice = "Renew it: `systemscale-agent renew`, or `step ca renew`";
  if (notAfterMs <= nowMs) {
    const says = `The certificate of its last login ended on ${dateOf(notAfterMs)}`;
    return { check, state: "bad", cause: "certificate_expired", says, advice };
  }
  const says = `The certificate of its last login ends in ${days} days, on ${dateOf(notAfterMs)}`;
  if (days < certificateDays) return { check, state: "warning", cause: "certificate_ending", says, advice };
  return good(check, says);
}

function loginFinding({ links: { link, past } }: Standing): FleetFinding {
  const check = "login";
  if (link !== undefined) return good(check, `It logged in at relay "${link.relay}"`);
  const { refusal, loginAtMs, end } = past;
  if (refusal !== undefined && refusal.atMs >= (end?.atMs ?? 0)) {
    const times = refusal.count === 1 ? "once" : `${refusal.count} times`;
    const says = `A login under its name was refused ${times}, last at ${timeOf(refusal.atMs)}: ${refusal.detail}`;
    const advice = "Run `systemscale-agent doctor` on the vehicle; anyone can claim its name, so it may be another's";
    return { check, state: "bad", cause: refusal.code, says, advice };
  }
  if (loginAtMs === undefined) {
    const says = "No login under its name has ever come";
    const advice = "Run `systemscale-agent doctor` on the vehicle: relay address, network, certificate";
    return { check, state: "bad", cause: "never_seen", says, advice };
  }
  return good(check, `Its last login was at ${timeOf(loginAtMs)} and was not refused`);
}

function linkFinding({ links: { past }, presence }: Standing): FleetFinding {
  const check = "link";
  const { state, reason, detail } = presence;
  switch (state) {
    case "online":
    case "silent":
    case "awaiting_registration":
      return good(check, "The link is up");
    case "degraded":
      return { check, state: "warning", cause: reason, says: `The link is up, but ${detail}` };
    case "unknown":
      return { ...unknown(check, `Nobody can tell: ${detail}`), cause: reason };
    default: {
      const ended = past.end;
      if (ended === undefined) return unknown(check, "No link of it has been seen");
      const why = ended.code === "" ? "in good order" : `with \`${ended.code}\`: ${ended.detail}`;
      const says = `Its link ended at ${timeOf(ended.atMs)} ${why}`;
      return { check, state: "bad", cause: ended.code || "offline", says, advice: adviceOnEnd(ended.code) };
    }
  }
}

function adviceOnEnd(code: string): string {
  switch (code) {
    case "link_dead":
      return "Its network or its power went away; what it records is kept on board and comes later";
    case "certificate_revoked":
      return "Its certificate is revoked: enrol it anew if it is to come back";
    case "certificate_expired":
      return "Renew its certificate";
    case "superseded":
      return "A newer link took over and ended as well, or a second vehicle runs under this name";
    default:
      return "It will come back by itself unless it was stopped; else run `systemscale-agent doctor` there";
  }
}

function dataFinding({ links: { link }, presence: { state } }: Standing): FleetFinding {
  const check = "data";
  if (link === undefined) return unknown(check, "Without a link no data comes");
  if (state === "silent") {
    const says = `The link is up and brought nothing for ${silentMs / 1000} s or more`;
    const advice = "The vehicle's software posts nothing: look at it, and at `GET /v1/status` on the vehicle";
    return { check, state: "bad", cause: "no_data", says, advice };
  }
  return good(check, `${link.health?.frames ?? 0} frames came over this link`);
}

function ledgerFinding(account: Evidence["account"], nowMs: number): FleetFinding {
  const check = "ledger";
  if (account === null) return unknown(check, "The store does not answer");
  if (account === undefined) return unknown(check, "No telemetry of it has ever arrived");
  const { counts: { expected, stored, missing }, waiting, forks } = account;
  const says = `${stored} of ${expected} frames that are known of are stored`;
  if (forks > 0) {
    const advice = "See /v1/vehicles/{id}/epochs of the query service: a disk was restored or cloned";
    return { check, state: "warning", cause: "forks", says: `${says}, and its epochs fork`, advice };
  }
  if (missing.quarantined > 0) {
    const advice = "See /v1/vehicles/{id}/quarantine of the query service";
    return {
      check,
      state: "warning",
      cause: "quarantined",
      says: `${says}, ${missing.quarantined} kept aside`,
      advice,
    };
  }
  if (waiting === undefined) return good(check, says);
  const waitingMs = nowMs - Number(waiting.sinceNs / 1_000_000n);
  if (waitingMs < silentMs * 2) return good(check, `${says}, the rest is on its way`);
  const since = timeOf(nowMs - waitingMs);
  const advice = "See /v1/vehicles/{id}/completeness of the query service for the ranges and their causes";
  return {
    check,
    state: "warning",
    cause: "backlog",
    says: `${says}; the oldest missing one waits since ${since}`,
    advice,
  };
}

function good(check: FleetCheck, says: string): FleetFinding {
  return { check, state: "good", cause: "", says };
}

function unknown(check: FleetCheck, says: string): FleetFinding {
  return { check, state: "unknown", cause: "", says };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function dateOf(ms: number): string {
  return timeOf(ms).slice(0, 10);
}
