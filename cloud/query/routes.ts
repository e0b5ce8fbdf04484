/** The routes of the query API, as its OpenAPI document shows them. */
import { createRoute, type z } from "@hono/zod-openapi";
import { codes } from "#proto/errors.ts";
import {
  differentProblem,
  latestAnswer,
  ledgerAnswer,
  noQuery,
  problem,
  quarantineAnswer,
  quarantineCountsAnswer,
  quarantineCountsQuery,
  quarantineEntry,
  quarantinePath,
  quarantineQuery,
  streamsAnswer,
  telemetryAnswer,
  telemetryQuery,
  vehiclePath,
} from "./schema.ts";

/** Media types of rows; the first is the default. */
export const rowFormats = ["application/json", "application/x-ndjson", "text/csv"] as const;
/** Header that carries the cursor where the body has no place for it. */
export const cursorHeader = "x-next-cursor";

/** Media type of a batch's bytes. */
export const batchType = "application/octet-stream";

const security = [{ bearer: [] }];
const ofOneEntry = ["unauthorized", "not_found", "bad_query", "store_failed", "deadline"] as const;
const lines = { schema: { type: "string" as const } };
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
    ...problems(["unauthorized", "not_found", "bad_query", "store_failed", "deadline"]),
  },
});

/** The catalog. */
export const streamsRoute = createRoute({
  method: "get",
  path: "/v1/streams",
  summary: "Streams with their fields",
  security,
  request: { query: noQuery },
  responses: {
    200: answer(streamsAnswer),
    ...problems(["unauthorized", "bad_query", "store_failed", "deadline"]),
  },
});

/** Newest rows of one vehicle. */
export const latestRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/latest",
  summary: "The newest row of each stream",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(latestAnswer), ...problems(["unauthorized", "bad_query", "store_failed", "deadline"]) },
});

/** The ledger of one vehicle. */
export const ledgerRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/ledger",
  summary: "What is expected, stored and missing, and why",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(ledgerAnswer), ...problems(["unauthorized", "bad_query", "store_failed", "deadline"]) },
});

/** What was kept aside of one vehicle. */
export const quarantineRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/quarantine",
  summary: "Batches that were kept aside, and why; those that name no vehicle lie under `unreadable`",
  security,
  request: { params: vehiclePath, query: quarantineQuery },
  responses: { 200: answer(quarantineAnswer), ...problems(["unauthorized", "bad_query", "store_failed", "deadline"]) },
});

/** One batch that was kept aside. */
export const quarantineEntryRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/quarantine/{entry}",
  summary: "One batch that was kept aside",
  security,
  request: { params: quarantinePath, query: noQuery },
  responses: { 200: answer(quarantineEntry), ...problems([...ofOneEntry]) },
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
    ...problems([...ofOneEntry]),
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
    ...problems([...ofOneEntry, "bad_batch", "unavailable", "already_decided"]),
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
  responses: { 200: answer(quarantineEntry), ...problems([...ofOneEntry, "unavailable", "already_decided"]) },
});

/** The fleet's quarantine. */
export const quarantineCountsRoute = createRoute({
  method: "get",
  path: "/v1/quarantine",
  summary: "How much was kept aside, by vehicle, code and state",
  security,
  request: { query: quarantineCountsQuery },
  responses: {
    200: answer(quarantineCountsAnswer),
    ...problems(["unauthorized", "bad_query", "store_failed", "deadline"]),
  },
});

/** Its type says nothing of the body: handlers write JSON themselves, since numbers may have 64 bits. */
function answer(schema: z.ZodType): { description: string; content: Record<string, { schema: z.ZodType }> } {
  return { description: "As asked", content: { "application/json": { schema } } };
}

function problems(of: readonly (keyof typeof codes)[]) {
  const content = { "application/problem+json": { schema: problem } };
  return Object.fromEntries(of.map((code) => [codes[code].status, { description: codes[code].title, content }]));
}
