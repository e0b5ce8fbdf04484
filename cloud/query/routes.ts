/** The routes of the query API, as its OpenAPI document shows them. */
import { createRoute } from "@hono/zod-openapi";
import { answer, bearerSecurity as security, noQuery, problems, vehiclePath } from "../lib/openapi.ts";
import { timeMarksMax } from "../lib/store/limits.ts";
import {
  completenessAnswer,
  completenessQuery,
  differentProblem,
  epochsAnswer,
  epochsQuery,
  fleetAnswer,
  fleetQuery,
  latestAnswer,
  quarantineAnswer,
  quarantineCountsAnswer,
  quarantineCountsQuery,
  quarantineEntry,
  quarantinePath,
  quarantineQuery,
  streamsAnswer,
  telemetryAnswer,
  telemetryQuery,
} from "./schema.ts";

/** Media types of rows; the first is the default. */
export const rowFormats = ["application/json", "application/x-ndjson", "text/csv"] as const;
/** Header that carries the cursor where the body has no place for it. */
export const cursorHeader = "x-next-cursor";

/** Media type of a batch's bytes. */
export const batchType = "application/octet-stream";

/** What may go wrong with a question about everything, and with one about something that may not be there. */
const ofAny = ["unauthorized", "forbidden", "bad_query", "store_failed", "deadline"] as const;
const ofOne = ["not_found", ...ofAny] as const;
const lines = { schema: { type: "string" as const } };
const completenessText = `Per epoch and class. Without \`from\` and \`to\` every figure is exact.

With them the figures are about the seqs that may lie in that time; \`seqs\` names them. The ledger keeps at most ${timeMarksMax} marks
of time per epoch and class and reads no table: every stored row of that time is among these seqs, and neighbours up to
the next mark may be too. A missing row is taken to lie in time between the stored rows around it, or the opening of its
epoch and of the next one where there are none; it counts when that cannot exclude it.

Causes: \`quarantined\`: kept aside by the cloud. \`in_flight\`: waits for a table of the store. \`overwritten\`, \`refused\`: gap records
of the vehicle say so (its disk was full; its disk did not take them and the caller was told). \`still_on_board\`: the vehicle said
so, or made them durable since; what is on its way counts here. \`vehicle_disk_lost\`: the disk that spoke last does not have
them and nothing names another cause (a new, restored or damaged disk). \`unknown\`: nobody can tell: the vehicle has nothing of
them and a gap record may be on its way, or the store was restored and has forgotten them.`;
const moreByHeader = `Further rows by the cursor in \`${cursorHeader}\``;

/** Rows. */
export const telemetryRoute = createRoute({
  method: "get",
  path: "/v1/telemetry",
  summary: "Rows of one vehicle and stream, by time",
  security,
  request: { query: telemetryQuery },
  responses: {
    200: {
      description: moreByHeader,
      content: {
        "application/json": { schema: telemetryAnswer },
        "application/x-ndjson": lines,
        "text/csv": lines,
      },
    },
    ...problems(ofOne),
  },
});

/** The catalog. */
export const streamsRoute = createRoute({
  method: "get",
  path: "/v1/streams",
  summary: "Streams with their fields",
  security,
  request: { query: noQuery },
  responses: { 200: answer(streamsAnswer), ...problems(ofAny) },
});

/** Newest rows of one vehicle. */
export const latestRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/latest",
  summary: "The newest row of each stream",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(latestAnswer), ...problems(ofAny) },
});

/** What is expected, stored and missing of one vehicle. */
export const completenessRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/completeness",
  summary: "What is expected, stored and missing, and why",
  description: completenessText,
  security,
  request: { params: vehiclePath, query: completenessQuery },
  responses: { 200: answer(completenessAnswer), ...problems(ofOne) },
});

/** The same of all vehicles, in figures. */
export const fleetRoute = createRoute({
  method: "get",
  path: "/v1/completeness",
  summary: "What is expected, stored and missing of each vehicle and of the fleet, in figures",
  description:
    "By vehicle id. Each vehicle's figures are as its partition's owner last wrote them, some seconds ago at " +
    "most, so that an answer reads one small document per vehicle and no ledger. The totals read those of all vehicles, " +
    "and stand in the first page only.",
  security,
  request: { query: fleetQuery },
  responses: { 200: answer(fleetAnswer), ...problems(ofAny) },
});

/** The chain of one vehicle's epochs. */
export const epochsRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/epochs",
  summary: "The chain of a vehicle's epochs, newest first, with forks marked",
  security,
  request: { params: vehiclePath, query: epochsQuery },
  responses: { 200: answer(epochsAnswer), ...problems(ofOne) },
});

/** What was kept aside of one vehicle. */
export const quarantineRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/quarantine",
  summary: "Batches that were kept aside, and why; those that name no vehicle lie under `unreadable`",
  security,
  request: { params: vehiclePath, query: quarantineQuery },
  responses: { 200: answer(quarantineAnswer), ...problems(ofAny) },
});

/** One batch that was kept aside. */
export const quarantineEntryRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/quarantine/{entry}",
  summary: "One batch that was kept aside",
  security,
  request: { params: quarantinePath, query: noQuery },
  responses: { 200: answer(quarantineEntry), ...problems(ofOne) },
});

/** Its bytes. */
export const quarantineBatchRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/quarantine/{entry}/batch",
  summary: "Its bytes as the vehicle sent them",
  security,
  request: { params: quarantinePath, query: noQuery },
  responses: {
    200: {
      description: "The batch",
      content: { [batchType]: { schema: { type: "string" as const, format: "binary" } } },
    },
    ...problems(ofOne),
  },
});

/** Stores it after all. */
export const quarantineRetryRoute = createRoute({
  method: "post",
  path: "/v1/vehicles/{id}/quarantine/{entry}/retry",
  summary: "Store what was kept aside, now that its cause is gone; harmless to repeat",
  security,
  request: { params: quarantinePath, query: noQuery },
  responses: {
    200: answer(quarantineEntry),
    ...problems([...ofOne, "bad_batch", "unavailable", "already_decided"]),
    409: {
      description: "Other rows are stored and stay, or it was dropped before",
      content: { "application/problem+json": { schema: differentProblem } },
    },
  },
});

/** Gives it up. */
export const quarantineDropRoute = createRoute({
  method: "delete",
  path: "/v1/vehicles/{id}/quarantine/{entry}",
  summary: "Give up the bytes of what was kept aside; what it covers stays named as quarantined",
  security,
  request: { params: quarantinePath, query: noQuery },
  responses: { 200: answer(quarantineEntry), ...problems([...ofOne, "unavailable", "already_decided"]) },
});

/** The fleet's quarantine. */
export const quarantineCountsRoute = createRoute({
  method: "get",
  path: "/v1/quarantine",
  summary: "How much was kept aside, by vehicle, code and state",
  security,
  request: { query: quarantineCountsQuery },
  responses: { 200: answer(quarantineCountsAnswer), ...problems(ofAny) },
});

/** Its type says nothing of the body: handlers write JSON themselves, since numbers may have 64 bits. */
