/** The description of the local API, OpenAPI 3.1. */
import { codes } from "#proto/errors.ts";
import { classes } from "#proto/class.ts";
import { depthMax, fieldsPerFrameMax, postBytesMax } from "#proto/limits.ts";
import { streamPattern } from "#proto/ids.ts";

const problem = {
  description: "Problem document (RFC 9457); `code` is stable",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const json = (schema: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } });

/** Served at `/openapi.json`. */
export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "SystemScale agent",
    version: "1",
    description:
      "The vehicle's own software gives frames to the agent here. An answer `durable` means: on the vehicle's disk.",
  },
  paths: {
    "/healthz": {
      get: {
        summary: "Whether the agent is linked to a relay",
        responses: {
          "200": { description: "`ok`", content: { "text/plain": { schema: { type: "string" } } } },
          "503": { description: "The reason, in words", content: { "text/plain": { schema: { type: "string" } } } },
        },
      },
    },
    "/v1/log": {
      post: {
        summary: "Logs one frame, an array of frames, or one frame per line",
        requestBody: {
          required: true,
          description: `At most ${postBytesMax} bytes`,
          content: {
            "application/json": {
              schema: {
                oneOf: [{ $ref: "#/components/schemas/Frame" }, {
                  type: "array",
                  items: { $ref: "#/components/schemas/Frame" },
                }],
              },
            },
            "application/x-ndjson": { schema: { type: "string" } },
          },
        },
        responses: {
          "200": { description: "Durable, or of many at least one", content: json("Logged") },
          "400": problem,
          "413": problem,
          "415": problem,
          "422": problem,
          "507": problem,
        },
      },
    },
    "/v1/status": {
      get: {
        summary: "The agent's snapshot: link, ring, backlog, windows, acknowledgements, clock",
        responses: {
          "200": { description: "Snapshot", content: { "application/json": { schema: { type: "object" } } } },
        },
      },
    },
  },
  components: {
    schemas: {
      Frame: {
        type: "object",
        required: ["data"],
        additionalProperties: false,
        properties: {
          data: { type: "object", description: `At most ${fieldsPerFrameMax} fields, ${depthMax} levels` },
          stream: { type: "string", pattern: streamPattern.source, default: "telemetry" },
          ts: {
            oneOf: [{ type: "string", pattern: "^-?[0-9]{1,19}$" }, { type: "number" }],
            description: "Nanoseconds since 1970 as digits, or milliseconds as a number; the agent's time when absent",
          },
          class: { enum: [...classes], default: "normal", description: "What is given up last comes first" },
        },
      },
      Taken: {
        type: "object",
        required: ["epoch", "seq", "state"],
        properties: { epoch: { type: "string" }, seq: { type: "integer" }, state: { const: "durable" } },
      },
      Logged: {
        oneOf: [{ $ref: "#/components/schemas/Taken" }, {
          type: "object",
          required: ["state", "count", "results"],
          properties: {
            state: { const: "durable" },
            count: { type: "integer", description: "Frames taken" },
            results: {
              type: "array",
              description: "One for each frame, in order",
              items: {
                oneOf: [{ $ref: "#/components/schemas/Taken" }, {
                  type: "object",
                  properties: { error: { $ref: "#/components/schemas/Problem" } },
                }],
              },
            },
          },
        }],
      },
      Problem: {
        type: "object",
        required: ["type", "title", "status", "detail", "code"],
        properties: {
          type: { type: "string" },
          title: { type: "string" },
          status: { type: "integer" },
          detail: { type: "string" },
          code: { enum: Object.keys(codes) },
          pointer: { type: "string", description: "JSON pointer to the faulty part of the request" },
        },
      },
    },
  },
} as const;
