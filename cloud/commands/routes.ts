/** The routes of the commands API, as its OpenAPI document shows them. */
import { createRoute } from "@hono/zod-openapi";
import { answer, bearerSecurity as security, noQuery, problems, vehiclePath } from "../lib/openapi.ts";
import {
  commandAnswer,
  commandBody,
  commandPath,
  commandQuery,
  groupBody,
  keyHeader,
  listAnswer,
  listQuery,
  stopAnswer,
  stopBody,
  typesAnswer,
} from "./schema.ts";

const ofAny = ["unauthorized", "forbidden", "bad_query", "unavailable"] as const;
const ofOne = ["not_found", ...ofAny] as const;
const ofWrite = ["malformed_json", "too_large", "vehicle_stopped", "too_many", ...ofOne] as const;

/** Gives a command. */
export const commandRoute = createRoute({
  method: "post",
  path: "/v1/commands",
  summary: "Command a vehicle",
  description:
    "It is kept when this answers, whatever fails then, and its fate is told by GET. A vehicle that is not " +
    "linked gets it when it comes, until `ttl_ms`.",
  security,
  request: {
    ...{ query: noQuery, headers: keyHeader },
    body: { required: true, content: { "application/json": { schema: commandBody } } },
  },
  responses: { 200: answer(commandAnswer, "Kept, and sent if its vehicle is linked"), ...problems(ofWrite) },
});

/** Gives a command to many vehicles. */
export const groupRoute = createRoute({
  method: "post",
  path: "/v1/group-commands",
  summary: "Command many vehicles, one after the other",
  description:
    "Server-sent events: `issued`, `refused` and `over` for each vehicle, then `end`. The call drives it: who " +
    "leaves commands no further vehicle, and what was given goes on. The same Idempotency-Key again goes on where it " +
    "ended, and commands none twice.",
  security,
  request: {
    ...{ query: noQuery, headers: keyHeader },
    body: { required: true, content: { "application/json": { schema: groupBody } } },
  },
  responses: {
    200: { description: "Events", content: { "text/event-stream": { schema: { type: "string" as const } } } },
    ...problems([...ofWrite]),
  },
});

/** Shows what there is to command. */
export const typesRoute = createRoute({
  method: "get",
  path: "/v1/command-types",
  summary: "Types of commands: what each wants to know, which vehicles know it, and who may give it",
  security,
  request: { query: noQuery },
  responses: { 200: answer(typesAnswer), ...problems(ofAny) },
});

/** Shows one. */
export const oneRoute = createRoute({
  method: "get",
  path: "/v1/commands/{id}",
  summary: "A command with the ladder of its states: when, by whose word, why",
  security,
  request: { params: commandPath, query: commandQuery },
  responses: { 200: answer(commandAnswer), ...problems(ofOne) },
});

/** Shows one as it goes on. */
export const eventsRoute = createRoute({
  method: "get",
  path: "/v1/commands/{id}/events",
  summary: "A command as it goes on: server-sent events, each the whole of it, until nothing more can become of it",
  security,
  request: { params: commandPath, query: noQuery },
  responses: {
    200: { description: "Events `command`", content: { "text/event-stream": { schema: { type: "string" as const } } } },
    ...problems(ofOne),
  },
});

/** Lists. */
export const listRoute = createRoute({
  method: "get",
  path: "/v1/commands",
  summary: "Commands, newest first",
  security,
  request: { query: listQuery },
  responses: { 200: answer(listAnswer), ...problems(ofAny) },
});

/** Cancels. */
export const cancelRoute = createRoute({
  method: "post",
  path: "/v1/commands/{id}/cancel",
  summary: "Take a command back; once it is sent, its vehicle says whether it could",
  security,
  request: { params: commandPath, query: noQuery },
  responses: {
    200: answer(commandAnswer, "`cancelled`, or `cancelling` until the vehicle's word"),
    ...problems(["wrong_state", ...ofOne]),
  },
});

/** Stops. */
export const stopRoute = createRoute({
  method: "post",
  path: "/v1/vehicles/{id}/stop",
  summary: "Remote stop request: stop moving, until it is released",
  description:
    "Sent at once, again until the vehicle acknowledges, and at every login. Motions end; new ones are refused, " +
    "here and on the vehicle. It is no safety function.",
  security,
  request: {
    ...{ params: vehiclePath, query: noQuery },
    body: { required: false, content: { "application/json": { schema: stopBody } } },
  },
  responses: { 200: answer(stopAnswer, "Sent; `acknowledged_at` tells whether it has arrived"), ...problems(ofWrite) },
});

/** Shows whether it is stopped. */
export const stopStateRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/stop",
  summary: "Whether a vehicle is stopped, and whether it has said so itself",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(stopAnswer), ...problems(ofOne) },
});

/** Releases. */
export const releaseRoute = createRoute({
  method: "delete",
  path: "/v1/vehicles/{id}/stop",
  summary: "Release a stopped vehicle",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(stopAnswer), ...problems(["wrong_state", ...ofOne]) },
});
