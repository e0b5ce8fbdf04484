/** What requests and answers look like, for checking the ones and documenting both. */
import { z } from "@hono/zod-openapi";
import { classes } from "#proto/class.ts";
import { streamPattern } from "#proto/ids.ts";
import { fieldNameMax } from "#proto/limits.ts";
import { fieldTypes } from "#proto/shape.ts";
import { limit, problem, vehicleId, vehiclePath } from "../lib/openapi.ts";
import { quarantineCountsMax, quarantinePageMax } from "../lib/store/limits.ts";
import { quarantineStates } from "../lib/store/quarantine_entry.ts";
import { missingCauses } from "../lib/store/vehicle_account.ts";
import {
  epochsLimitDefault,
  epochsLimitMax,
  fieldsMax,
  fleetLimitDefault,
  fleetLimitMax,
  fleetTotalVehiclesMax,
  limitDefault,
  limitMax,
  quarantineCountsDefault,
  quarantineLimitDefault,
} from "./limits.ts";

const oneField = `[A-Za-z_][A-Za-z0-9_]{0,${fieldNameMax - 1}}`;
const fieldList = new RegExp(`^${oneField}(,${oneField}){0,${fieldsMax - 1}}$`);
const timeText = "Nanoseconds since 1970 (16 digits or more), milliseconds (fewer), or RFC 3339; included";

const decimal = z.string().regex(/^[0-9]+$/);

/** Parameters of `GET /v1/telemetry`. */
export const telemetryQuery = z.strictObject({
  vehicle_id: vehicleId,
  stream: z.string().regex(streamPattern).default("telemetry"),
  fields: z.string().regex(fieldList, "wanted field names with commas between").optional().openapi({
    description: "Names of the fields wanted, with commas between; without it all of the stream",
    example: "altitude_m,battery_v",
  }),
  from: z.string().max(50).optional().openapi({ description: timeText, example: "2024-06-10T06:13:20Z" }),
  to: z.string().max(50).optional().openapi({ description: timeText, example: "1718000060000" }),
  order: z.enum(["asc", "desc"]).default("asc").openapi({ description: "By time, oldest or newest first" }),
  limit: limit({ most: limitMax, usual: limitDefault }),
  cursor: z.string().max(100).optional().openapi({
    description: "`next_cursor` of the answer before; all other parameters unchanged",
  }),
});

/** {@link telemetryQuery}, checked. */
export type TelemetryQuery = z.output<typeof telemetryQuery>;

/** Parameters in the path of one quarantined batch. */
export const quarantinePath = vehiclePath.extend({ entry: z.string().max(250) });
/** Parameters of the list of quarantined batches. */
export const quarantineQuery = z.strictObject({
  limit: limit({ most: quarantinePageMax, usual: quarantineLimitDefault }),
  cursor: z.string().max(250).optional().openapi({ description: "`next_cursor` of the answer before" }),
  code: z.string().regex(/^[a-z_]{1,40}$/).optional().openapi({ description: "Only batches with this code" }),
  state: z.enum(quarantineStates).optional().openapi({ description: "Only batches in this state" }),
});
/** Parameters of the fleet's quarantine, counted. */
export const quarantineCountsQuery = z.strictObject({
  limit: limit({ most: quarantineCountsMax, usual: quarantineCountsDefault }),
  cursor: z.string().max(150).optional().openapi({ description: "`next_cursor` of the answer before" }),
});
/** Parameters of one vehicle's completeness. */
export const completenessQuery = z.strictObject({
  from: z.string().max(50).optional().openapi({ description: timeText, example: "2024-06-10T06:13:20Z" }),
  to: z.string().max(50).optional().openapi({ description: timeText, example: "1718000060000" }),
});
/** Parameters of the fleet's completeness. */
export const fleetQuery = z.strictObject({
  limit: limit({ most: fleetLimitMax, usual: fleetLimitDefault }),
  cursor: vehicleId.optional().openapi({ description: "`next_cursor` of the answer before" }),
});
/** Parameters of a vehicle's chain of epochs. */
export const epochsQuery = z.strictObject({
  limit: limit({ most: epochsLimitMax, usual: epochsLimitDefault }),
  cursor: decimal.max(19).optional().openapi({ description: "`next_cursor` of the answer before" }),
});
const range = z.object({ first: z.number().int(), last: z.number().int() }).openapi("Range");

/** A stored frame. */
const row = z.object({
  ts: decimal.openapi({ description: "Nanoseconds since 1970, UTC" }),
  vehicle_id: z.string(),
  epoch: decimal,
  class: z.enum(classes),
  seq: z.number().int(),
}).catchall(z.unknown()).openapi("Row", {
  description: "The fields stand beside these members under their flattened names; null where the frame had none",
});

/** A page of rows. */
export const telemetryAnswer = z.object({
  rows: z.array(row),
  next_cursor: z.string().nullable().openapi({ description: "Null when there are no rows behind these" }),
}).openapi("Telemetry");

/** All streams. */
export const streamsAnswer = z.object({
  streams: z.array(z.object({
    stream: z.string(),
    table: z.string().openapi({ description: "Name of its table in the store" }),
    fields: z.array(z.object({
      field: z.string(),
      type: z.enum([...fieldTypes, "overflow"]),
      overflowed: z.number().int().openapi({ description: "Values kept as text because they did not fit the column" }),
    })),
  })),
}).openapi("Streams");

/** Newest rows of one vehicle. */
export const latestAnswer = z.object({
  vehicle_id: z.string(),
  streams: z.array(z.object({ stream: z.string(), row })),
}).openapi("Latest");

const counts = {
  expected: z.number().int().openapi({
    description: "What the vehicle is known to have made durable: stored + missing",
  }),
  stored: z.number().int(),
  missing: z.object(
    Object.fromEntries(missingCauses.map((cause) => [cause, z.number().int()])) as Record<
      typeof missingCauses[number],
      z.ZodNumber
    >,
  ).openapi({ description: "Counts by cause" }),
  complete: z.boolean(),
};
const time = decimal.openapi({ description: "Nanoseconds since 1970, UTC" });

/** See `completeness_view.ts`. */
export const completenessAnswer = z.object({
  vehicle_id: z.string(),
  from: time.nullable(),
  to: time.nullable(),
  last_heard: time.nullable().openapi({
    description: "What the vehicle made durable later is not known here; causes are as of `stated`",
  }),
  stated: z.object({ at: time, relay: z.string(), session: z.string() }).nullable().openapi({
    description: "When and through whom the vehicle last said what it has on board; null: never",
  }),
  forks: z.number().int().openapi({ description: "Epochs that more than one goes on from: a restored or cloned disk" }),
  totals: z.object(counts),
  epochs: z.array(z.object({
    epoch: decimal,
    opened_at: time.nullable().openapi({ description: "Null while the epoch's first record has not come" }),
    classes: z.array(z.object({
      class: z.enum(classes),
      ...counts,
      seqs: z.array(range).openapi({ description: "The seqs that these figures are about" }),
      missing_ranges: z.array(range.extend({ cause: z.enum(missingCauses) })),
      missing_ranges_left_out: z.number().int().openapi({ description: "Further ones; the counts are of all" }),
      on_board: z.object({ ranges: z.array(range), to: z.number().int() }).openapi({
        description: "What the vehicle said that it still holds without a verdict; it spoke of the seqs up to `to`",
      }),
    })),
  })),
}).openapi("Completeness");

/** The whole fleet in figures. */
export const fleetAnswer = z.object({
  totals: z.object({ ...counts, vehicles: z.number().int(), vehicles_complete: z.number().int() }).nullable().openapi({
    description: `Of the whole fleet; null in answers to a cursor, and for more than ${fleetTotalVehiclesMax} vehicles`,
  }),
  vehicles: z.array(z.object({
    vehicle_id: z.string(),
    last_heard: time,
    state: z.enum(["complete", "arriving", "short"]).openapi({
      description: "All is stored; or something is in flight or on board; or what is missing stays so",
    }),
    ...counts,
    forks: z.number().int(),
  })),
  next_cursor: z.string().nullable().openapi({ description: "Null when there are no vehicles behind these" }),
}).openapi("FleetCompleteness");

/** See `epochs_view.ts`. */
export const epochsAnswer = z.object({
  vehicle_id: z.string(),
  forks: z.array(decimal).openapi({ description: "Epochs that more than one goes on from" }),
  epochs: z.array(z.object({
    epoch: decimal,
    previous: decimal.nullable(),
    fork_with: z.array(decimal).openapi({
      description: "Other epochs that go on from the same one: of a disk restored from an older image, or of a clone",
    }),
    reason: z.string().nullable(),
    boot: z.string().nullable().openapi({ description: "Random id of that start of the agent" }),
    clock_synchronized: z.boolean().nullable(),
    clock_offset_ns: z.string().nullable().openapi({ description: "Added to every time that the vehicle recorded" }),
    opened_at: time.nullable(),
    received_at: time.nullable().openapi({ description: "When a relay first took its first record" }),
    relay: z.string().nullable(),
    session: z.string().nullable(),
    agent_version: z.string().nullable(),
    session_clock_offset: z.object({ first_ns: z.string(), last_ns: z.string(), last_at: time }).nullable().openapi({
      description: "Nanoseconds that the vehicle's wall clock was ahead of the relay's in that session",
    }),
    previous_lasts: z.record(z.string(), z.number().int()).nullable().openapi({
      description: "Where the previous epoch ended, by class, on the disk that went on",
    }),
    on_board: z.boolean().openapi({ description: "Whether the vehicle's last inventory names it" }),
    reaches: z.record(z.string(), z.object({ expected: z.number().int(), stored: z.number().int() })).openapi({
      description: "By class, the highest seq that is known and the highest that is stored",
    }),
  })),
  next_cursor: z.string().nullable().openapi({ description: "Null when there are no epochs behind these" }),
}).openapi("Epochs", { description: "Newest first, by when the cloud first heard of them" });

/** See `quarantine_view.ts`. */
export const quarantineEntry = z.object({
  id: z.string().openapi({ description: "Names it in further requests" }),
  epoch: decimal,
  class: z.enum(classes),
  ranges: z.array(range).openapi({
    description: "Seqs that have no row because of it, or another; none when it names none",
  }),
  code: z.string().openapi({ description: "Why, for programs" }),
  reason: z.string().openapi({ description: "Why, for people" }),
  place: z.object({
    lane: z.string(),
    partition: z.number().int(),
    sequence: z.number().int(),
    item: z.number().int(),
  }).openapi({ description: "Where it stands in the log; `item` counts what one message holds" }),
  relay: z.string(),
  received_at: decimal.openapi({ description: "Nanoseconds since 1970, UTC" }),
  bytes: z.number().int().openapi({ description: "Size of the batch as it came" }),
  state: z.enum(quarantineStates).openapi({
    description: "`retried`: stored by a retry; `dropped`: its bytes are given up, its seqs stay named",
  }),
  tries: z.number().int().openapi({ description: "How often it was retried" }),
  decided_at: decimal.nullable().openapi({
    description: "When it was retried or dropped last, nanoseconds since 1970",
  }),
}).openapi("QuarantineEntry");

/** A page of quarantined batches. */
export const quarantineAnswer = z.object({
  vehicle_id: z.string(),
  entries: z.array(quarantineEntry),
  next_cursor: z.string().nullable().openapi({ description: "Null when there are no entries behind these" }),
}).openapi("Quarantine");

/** The fleet's quarantine, counted. */
export const quarantineCountsAnswer = z.object({
  counts: z.array(z.object({
    vehicle_id: z.string(),
    code: z.string(),
    state: z.enum(quarantineStates),
    count: z.number().int(),
  })),
  next_cursor: z.string().nullable().openapi({ description: "Null when there are no counts behind these" }),
}).openapi("QuarantineCounts");

/** What a retry is answered with that finds other rows stored. */
export const differentProblem = problem.extend({
  different: z.array(range).optional().openapi({ description: "Seqs whose stored rows are others" }),
  stored: z.array(z.object({ stream: z.string(), seq: z.number().int(), ts: decimal, values: z.unknown() })).optional()
    .openapi({ description: "The first of these rows" }),
}).openapi("DifferentProblem");
