/**
 * Whether a vehicle is there, and why it is thought so. Pure. The first line that holds is the state:
 *
 * | state                   | holds when                                                                             |
 * |-------------------------|----------------------------------------------------------------------------------------|
 * | `awaiting_registration` | linked, and nobody registered it: its data is kept, commands it gets none               |
 * | `unknown`               | linked as far as was heard, and its relay is silent; or this service has just begun     |
 * | `silent`                | linked, and no data came for 30 s                                                       |
 * | `degraded`              | linked, with data, and something makes it hard to operate                               |
 * | `online`                | linked, with data                                                                       |
 * | `refused`               | not linked, and the last login under its name was refused                               |
 * | `offline`               | not linked, and it was once                                                             |
 * | `never_seen`            | none of these                                                                           |
 */
import type { Instant } from "#proto/instant.ts";
import { confirmMs } from "../lib/links/limits.ts";
import { clockOffMs, duplicateMs, silentMs, slowRttMs } from "./limits.ts";
import type { LinkFacts, VehicleLinks } from "../lib/links/link_board.ts";

/** All states. */
export const presenceStates = [
  "online",
  "degraded",
  "silent",
  "offline",
  "never_seen",
  "awaiting_registration",
  "refused",
  "unknown",
] as const;
/** One of {@link presenceStates}. */
export type PresenceState = typeof presenceStates[number];

/** A state with its reason. */
export interface Presence {
  readonly state: PresenceState;
  /** Ms since 1970; undefined when nobody here saw the beginning. */
  readonly sinceMs: number | undefined;
  /** A code, or one of our words for what makes operating hard; empty where the state says it all. */
  readonly reason: string;
  /** A sentence for people. */
  readonly detail: string;
}

/** What a state follows from. */
export interface PresenceFacts {
  readonly isRegistered: boolean;
  readonly links: VehicleLinks;
  /** Whether the shard of the link has spoken lately. */
  readonly isRelayHeard: boolean;
  /** Since when this service listens, on the local uptime. */
  readonly listeningMs: number;
  readonly now: Instant;
}

/** The state of one vehicle. */
export function presenceOf(facts: PresenceFacts): Presence {
  const { isRegistered, links: { link, past }, isRelayHeard, listeningMs, now } = facts;
  if (link !== undefined) {
    if (!isRegistered) return shown("awaiting_registration", { sinceMs: link.sinceMs, detail: awaitingText });
    if (!isRelayHeard) {
      return shown("unknown", { reason: "relay_silent", detail: `relay "${link.relay}" is not heard` });
    }
    return ofLinked(link, facts);
  }
  const { refusal, end, loginAtMs } = past;
  const isFresh = now.uptimeMs - listeningMs < confirmMs;
  // Who is linked is known when every shard has spoken once.
  if (isFresh && loginAtMs !== undefined && loginAtMs > (end?.atMs ?? 0)) {
    return shown("unknown", { reason: "just_begun", detail: "relays have not told yet who is linked" });
  }
  if (refusal !== undefined && refusal.atMs >= (end?.atMs ?? 0)) {
    return shown("refused", { sinceMs: refusal.atMs, reason: refusal.code, detail: refusal.detail });
  }
  if (end !== undefined) return shown("offline", { sinceMs: end.atMs, reason: end.code, detail: end.detail });
  if (loginAtMs === undefined) return shown("never_seen", { detail: "it has never logged in" });
  return shown("offline", { reason: "link_dead", detail: "its link ended unseen" });
}

const awaitingText = "it has a valid certificate and is not registered: its data is kept, it gets no commands";

function ofLinked(link: LinkFacts, { links, now }: PresenceFacts): Presence {
  const quiet = quietMsOf(link, now);
  if (quiet !== undefined && quiet >= silentMs) {
    return shown("silent", {
      sinceMs: wallMs(now) - quiet,
      reason: "no_data",
      detail: "it is linked and sends no data",
    });
  }
  const hardship = hardshipOf(link, links, now);
  return shown(hardship === undefined ? "online" : "degraded", { sinceMs: link.sinceMs, ...hardship });
}

/** How long nothing came, by the shard's own clock up to its digest; undefined when that is not known yet. */
function quietMsOf({ health, sinceMs, confirmedMs }: LinkFacts, now: Instant): number | undefined {
  if (health === undefined) return undefined;
  const sinceDigestMs = now.uptimeMs - confirmedMs;
  if (health.quietMs !== undefined) return health.quietMs + sinceDigestMs;
  return sinceMs === undefined ? sinceDigestMs : wallMs(now) - sinceMs;
}

function hardshipOf(
  { health }: LinkFacts,
  { duplicateAtMs }: VehicleLinks,
  now: Instant,
): { reason: string; detail: string } | undefined {
  if (duplicateAtMs !== undefined && wallMs(now) - duplicateAtMs < duplicateMs) {
    return { reason: "duplicate_identity", detail: "two vehicles were linked under this name: one disk is a copy" };
  }
  if (health === undefined) return undefined;
  if (health.rttMs >= slowRttMs) {
    return { reason: "slow_link", detail: `a round trip takes ${Math.round(health.rttMs)} ms` };
  }
  if (Math.abs(health.clockOffsetMs) >= clockOffMs) {
    return { reason: "clock_off", detail: `its clock is off by ${health.clockOffsetMs} ms` };
  }
  return undefined;
}

function shown(
  state: PresenceState,
  { sinceMs, reason = "", detail = "" }: Partial<Omit<Presence, "state">>,
): Presence {
  return { state, sinceMs, reason, detail };
}

function wallMs({ wallNs }: Instant): number {
  return Number(wallNs / 1_000_000n);
}
