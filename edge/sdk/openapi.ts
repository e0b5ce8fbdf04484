/** The description of the local API, OpenAPI 3.1. What a frame may be is checked by hand on the hot path, and told here. */
import { type Code, codes } from "#proto/errors.ts";
import { classes } from "#proto/class.ts";
import { depthMax, fieldsPerFrameMax, framesPerPostMax, postBytesMax } from "#proto/limits.ts";
import { streamPattern } from "#proto/ids.ts";
import { answerMsMax, commandPingMs, eventDataBytesMax, eventDetailLengthMax, softwareLeaseMs } from "../limits.ts";
import { statusSchema } from "./status_schema.ts";

const ref = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });
const json = (schema: object) => ({ "application/json": { schema } });
const text = { "text/plain": { schema: { type: "string" } } };

/** Answers that are problem documents, grouped by their status. */
function problems(names: readonly Code[], schema: object = ref("Problem")): Record<string, object> {
  const statuses = new Set(names.map((name) => codes[name].status));
  return Object.fromEntries([...statuses].map((status) => {
    const told = names.filter((name) => codes[name].status === status).map((name) =>
      `\`${name}\`: ${codes[name].title}`
    );
    return [status, { description: told.join("; "), content: { "application/problem+json": { schema } } }];
  }));
}

const everywhere: readonly Code[] = ["forbidden_origin", "method_not_allowed", "internal"];
const logCodes: readonly Code[] = [
  ...["malformed_json", "bad_request", "body_timeout", "too_large", "unsupported_media_type"] as const,
  ...["bad_frame", "bad_stream", "bad_field", "too_many_fields", "too_deep"] as const,
  ...["ring_full", "disk_full", "disk_failed", "unavailable"] as const,
  ...everywhere,
];

const postLog = {
  summary: "Logs one frame, an array of frames, or one frame per line",
  description:
    "Of many frames the good ones are taken and the faulty ones named, each by its place. Answered 200 when " +
    "any was taken: look at `results`. The disk is waited for at most so long that the answer comes within " +
    `${answerMsMax} ms: what is refused then (507, 503) is not kept, and its place, if it had one, is told as refused.`,
  requestBody: {
    required: true,
    description: `At most ${postBytesMax} bytes and ${framesPerPostMax} frames, not packed`,
    content: {
      "application/json": {
        schema: { oneOf: [ref("Frame"), { type: "array", items: ref("Frame") }] },
        example: { data: { test: 1, altitude_m: 100 }, stream: "telemetry" },
      },
      "application/x-ndjson": { schema: { type: "string" } },
    },
  },
  responses: {
    "200": {
      description:
        `Taken, one frame or of many at least one. \`durable\`: on the vehicle's disk. \`buffered\`: the disk has ` +
        `not answered within ${answerMsMax} ms; the frame has its place, is in memory, and becomes durable when the disk ` +
        "answers. A power cut before that loses it. Do not post it again",
      content: json({ oneOf: [ref("Taken"), ref("Logged")] }),
    },
    ...problems(logCodes, { oneOf: [ref("Problem"), ref("Refused")] }),
  },
};

const commandCodes: readonly Code[] = [
  ...["not_found", "wrong_state", "bad_query", "malformed_json", "too_large", "body_timeout"] as const,
  ...["disk_failed", "disk_full", "unavailable"] as const,
  ...everywhere,
];

const commandId = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } };

/** A step of a command that software tells. */
function commandStep(
  summary: string,
  { body, answer }: { body?: { schema: object; description: string }; answer: string },
) {
  const { schema = {}, description = "" } = body ?? {};
  return {
    post: {
      summary,
      parameters: [commandId],
      ...(body && { requestBody: { required: true, description, content: json(schema) } }),
      responses: { "200": { description: answer, content: json({ type: "object" }) }, ...problems(commandCodes) },
    },
  };
}

const anyJson = { description: `Any JSON of at most ${eventDataBytesMax} bytes` };

const commandPaths = {
  "/v1/commands": {
    get: {
      summary: "The stream of commands for the vehicle's software, one program at a time",
      description:
        "Server-sent events. `command`: to be claimed before it is begun; with state `executing` it was begun " +
        "before by this vehicle's software, which now says what became of it. `cancel`: end it if possible, its result " +
        "tells. `stop`: stop moving now; motions that were begun have ended. `release`: the stop is over. A comment " +
        `every ${commandPingMs / 1000} s. Software that is gone for ${softwareLeaseMs / 1000} s leaves what it had ` +
        "begun as `unknown`; what it had not begun waits for it until its deadline",
      parameters: [{
        name: "client",
        in: "query",
        schema: { type: "string", maxLength: 64, default: "software" },
        description: "Name of the program, for people",
      }],
      responses: {
        "200": { description: "The stream", content: { "text/event-stream": { schema: { type: "string" } } } },
        ...problems(["already_attached", "bad_query", "unavailable", ...everywhere]),
      },
    },
  },
  "/v1/commands/{id}/claim": commandStep("Begin a command: it is in the journal before the answer", {
    answer: "The command; begin it now",
  }),
  "/v1/commands/{id}/progress": commandStep("Tell how far a command is; ten times a second at most are kept", {
    body: {
      schema: { type: "object", required: ["data"], additionalProperties: false, properties: { data: anyJson } },
      description: "How far it is",
    },
    answer: "Taken",
  }),
  "/v1/commands/{id}/result": commandStep("Tell what became of a command", {
    body: {
      schema: {
        type: "object",
        required: ["state"],
        additionalProperties: false,
        properties: {
          state: { enum: ["succeeded", "failed", "rejected", "cancelled", "superseded"] },
          code: { type: "string", pattern: "^[a-z][a-z0-9_]{0,63}$" },
          detail: { type: "string", maxLength: eventDetailLengthMax },
          data: anyJson,
        },
      },
      description: "Its outcome, once",
    },
    answer: "In the journal; it is told to the cloud until that has kept it",
  }),
};

const results = {
  type: "array",
  description: "One for each frame, in order",
  items: {
    oneOf: [ref("Taken"), { type: "object", required: ["error"], properties: { error: ref("Problem") } }],
  },
};

const schemas = {
  Frame: {
    type: "object",
    required: ["data"],
    additionalProperties: false,
    properties: {
      data: { type: "object", description: `At most ${fieldsPerFrameMax} fields, ${depthMax} levels` },
      stream: { type: "string", pattern: streamPattern.source, default: "telemetry" },
      ts: {
        oneOf: [{ type: "string", pattern: "^-?[0-9]{1,19}$" }, { type: "number" }, { type: "null" }],
        description: "Nanoseconds since 1970 as digits, or milliseconds as a number; the agent's time when absent. " +
          "Before 2015 or more than a day ahead, the agent's time stands and this one becomes the field `ts_device`",
      },
      class: { enum: [...classes], default: "normal", description: "What is given up last comes first" },
    },
  },
  Taken: {
    type: "object",
    required: ["epoch", "seq", "state"],
    properties: { epoch: { type: "string" }, seq: { type: "integer" }, state: { enum: ["durable", "buffered"] } },
  },
  Logged: {
    type: "object",
    required: ["state", "count", "results"],
    properties: {
      state: { enum: ["durable", "buffered"], description: "`durable` when all that were taken are" },
      count: { type: "integer", description: "Frames taken" },
      results,
    },
  },
  Problem: {
    type: "object",
    required: ["type", "title", "status", "detail", "code"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      code: { enum: Object.keys(codes), description: "Stable" },
      pointer: { type: "string", description: "JSON pointer to the faulty part of the request" },
    },
  },
  Refused: {
    description: "None of many frames was taken",
    allOf: [ref("Problem"), { type: "object", required: ["results"], properties: { results } }],
  },
  Status: statusSchema,
};

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
          "200": { description: "`ok`", content: text },
          "503": { description: "The reason, in words", content: text },
          ...problems(everywhere),
        },
      },
    },
    "/v1/log": { post: postLog },
    ...commandPaths,
    "/v1/status": {
      get: {
        summary: "The agent's snapshot: link, ring, backlog, windows, acknowledgements, certificate, clock",
        responses: { "200": { description: "Snapshot", content: json(ref("Status")) }, ...problems(everywhere) },
      },
    },
    "/metrics": {
      get: {
        summary: "The agent's figures as Prometheus text",
        responses: { "200": { description: "Figures", content: text }, ...problems(everywhere) },
      },
    },
  },
  components: { schemas },
};
