/** Commands and stops as answers show them. Pure. */
import type { z } from "@hono/zod-openapi";
import type { VehicleId } from "#proto/ids.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import type { commandAnswer, stopAnswer } from "./schema.ts";
import { isStopped, type StopRecord } from "./stop_record.ts";

/** A command. */
export function commandView(record: CommandRecord): z.output<typeof commandAnswer> {
  const { id, vehicle, type, class: name, data, priority, issuer, reason, state, steps } = record;
  return {
    command_id: id,
    vehicle_id: vehicle,
    ...{ type, class: name, data: JSON.parse(data), priority, issuer, reason, state },
    final: !isOpen(record),
    created_at: timeOf(record.createdAtMs),
    expires_at: timeOf(record.deadlineAtMs),
    result: parsed(record.result),
    steps: steps.map(({ atMs, ...step }) => ({ ...step, at: timeOf(atMs) })),
  };
}

/** The last stop of a vehicle, or that there was none. */
export function stopView(vehicle: VehicleId, record: StopRecord | undefined): z.output<typeof stopAnswer> {
  return {
    vehicle_id: vehicle,
    stopped: isStopped(record),
    number: record?.number.toString() ?? null,
    issuer: record?.issuer ?? null,
    reason: record?.reason ?? null,
    at: record === undefined ? null : timeOf(record.atMs),
    acknowledged_at: record?.acknowledgedAtMs === undefined ? null : timeOf(record.acknowledgedAtMs),
  };
}

/** What a vehicle says need not be JSON. */
function parsed(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    // Shown as it came: it is signed, and hiding it helps nobody.
    return text;
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
