/** Commands and stops as answers show them. Pure. */
import { z } from "@hono/zod-openapi";
import type { VehicleId } from "#proto/ids.ts";
import { capabilityOf, leastRoleOf } from "../lib/auth/rules.ts";
import type { CommandTemplate } from "./catalogue.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import type { commandAnswer, stopAnswer, typeAnswer } from "./schema.ts";
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

/** A type of command. */
export function typeView([type, template]: readonly [string, CommandTemplate]): z.output<typeof typeAnswer> {
  const { class: name, role, vehicleTypes, data } = template;
  return {
    type,
    class: name,
    role: leastRoleOf({ capability: capabilityOf(name), atLeast: role }),
    vehicle_types: vehicleTypes === undefined ? null : [...vehicleTypes],
    data: data === undefined ? { type: "object" } : z.toJSONSchema(data),
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
