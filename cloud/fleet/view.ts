/** Vehicles as answers show them. Pure. */
import type { z } from "@hono/zod-openapi";
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import type { Standing } from "./fleet.ts";
import type { LinkFacts } from "../lib/links/link_board.ts";
import type { oneVehicleAnswer, vehicleAnswer } from "./schema.ts";

type VehicleView = z.output<typeof vehicleAnswer>;
type OneVehicleView = z.output<typeof oneVehicleAnswer>;

const dayMs = 86_400_000;

/** A vehicle in a list. */
export function vehicleView({ vehicle, entry, links: { link, past }, presence }: Standing, nowMs: number): VehicleView {
  const registration = entry?.registration;
  const notAfterMs = link?.certificateNotAfterMs ?? past.certificateNotAfterMs;
  const { state, sinceMs, reason, detail } = presence;
  return {
    vehicle_id: vehicle,
    registered: registration !== undefined && registration.archivedAtMs === undefined,
    type: registration?.type ?? null,
    name: registration?.name ?? null,
    tags: registration?.tags ?? {},
    groups: [...registration?.groups ?? []],
    registered_at: timeOf(registration?.registeredAtMs),
    changed_at: timeOf(registration?.changedAtMs),
    archived_at: timeOf(registration?.archivedAtMs),
    presence: { state, since: timeOf(sinceMs), reason, detail },
    link: link === undefined ? null : linkView(link),
    last_login: past.loginAtMs === undefined
      ? null
      : { at: textOf(past.loginAtMs), relay: past.relay ?? "", agent_version: past.agentVersion ?? "" },
    last_end: past.end === undefined ? null : endView(past.end),
    last_refusal: past.refusal === undefined ? null : { ...endView(past.refusal), count: past.refusal.count },
    certificate: notAfterMs === undefined
      ? null
      : { not_after: textOf(notAfterMs), days_left: Math.floor((notAfterMs - nowMs) / dayMs) },
  };
}

/** A vehicle by itself. */
export function oneVehicleView(
  standing: Standing,
  { account, nowMs }: { account: VehicleAccount | undefined | null; nowMs: number },
): OneVehicleView {
  return { ...vehicleView(standing, nowMs), ledger: account ? ledgerView(account) : null };
}

function ledgerView({ heardNs, counts: { expected, stored, missing }, waiting }: VehicleAccount) {
  return {
    last_heard_at: textOf(msOf(heardNs)),
    expected,
    stored,
    missing: { ...missing },
    oldest_missing_since: waiting === undefined ? null : textOf(msOf(waiting.sinceNs)),
  };
}

function linkView({ relay, shard, session, sinceMs, agentVersion, peer, health }: LinkFacts) {
  return {
    ...{ relay, shard, session, since: timeOf(sinceMs), agent_version: agentVersion, peer },
    rtt_ms: health?.rttMs ?? null,
    clock_offset_ms: health?.clockOffsetMs ?? null,
    frames: health?.frames ?? null,
    quiet_ms: health?.quietMs ?? null,
  };
}

function endView({ atMs, code, detail }: { atMs: number; code: string; detail: string }) {
  return { at: textOf(atMs), code, detail };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : textOf(ms);
}

/** What relays say of times is not checked: what is no date at all is shown as the beginning. */
function textOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}
