/** The commands API as gRPC: each call is a request to the REST API, in protobuf's words. */
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Command,
  CommandClass,
  CommandSchema,
  type CommandService,
  CommandState,
  Priority,
  Speaker,
  StepSchema,
  type Stop,
  StopSchema,
} from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { type Call, type RestApi, restFor, type RestRequest } from "../lib/grpc/rest_call.ts";
import { commandAnswer, listAnswer, stopAnswer } from "./schema.ts";

/** Makes the service over the app's `fetch`. */
export function commandCalls(api: RestApi): ServiceImpl<typeof CommandService> {
  const asked = (call: Call, request: RestRequest) => restFor(call, api).ask(request);
  return {
    issueCommand: async (request, call) => {
      const { vehicleId, type, data = {}, priority, ttlMs, waitMs, reason, idempotencyKey: key } = request;
      const about = { vehicle_id: vehicleId, type, data, priority: nameOf(Priority, priority), reason };
      const body = { ...about, ttl_ms: ttlMs, wait_ms: waitMs };
      const headers: Record<string, string> = key === "" ? {} : { "idempotency-key": key };
      const rest = { method: "POST" as const, path: "/v1/commands", headers, body };
      return { command: readCommand(await asked(call, rest)) };
    },
    getCommand: async ({ commandId, waitMs }, call) => {
      const rest = { path: commandPath(commandId), query: { wait_ms: waitMs } };
      return { command: readCommand(await asked(call, rest)) };
    },
    listCommands: async ({ vehicleId, state, pageSize, pageToken }, call) => {
      const query = {
        vehicle_id: vehicleId || undefined,
        state: nameOf(CommandState, state),
        limit: pageSize || undefined,
        cursor: pageToken || undefined,
      };
      const { commands, next_cursor: next } = listAnswer.parse(
        await asked(call, { path: "/v1/commands", query }),
      );
      return { commands: commands.map(readCommand), nextPageToken: next ?? "" };
    },
    cancelCommand: async ({ commandId }, call) => {
      const rest = { method: "POST" as const, path: `${commandPath(commandId)}/cancel` };
      return { command: readCommand(await asked(call, rest)) };
    },
    watchCommand: async function* ({ commandId }, call) {
      const rest = { path: `${commandPath(commandId)}/events` };
      for await (const view of restFor(call, api).watch(rest, "command")) yield { command: readCommand(view) };
    },
    stopVehicle: async ({ vehicleId, reason }, call) => {
      const rest = { method: "POST" as const, path: stopPath(vehicleId), body: { reason } };
      return { stop: readStop(await asked(call, rest)) };
    },
    getStop: async ({ vehicleId }, call) => {
      return { stop: readStop(await asked(call, { path: stopPath(vehicleId) })) };
    },
    releaseVehicle: async ({ vehicleId }, call) => {
      const rest = { method: "DELETE" as const, path: stopPath(vehicleId) };
      return { stop: readStop(await asked(call, rest)) };
    },
  };
}

function commandPath(id: string): string {
  return `/v1/commands/${encodeURIComponent(id)}`;
}

function stopPath(vehicle: string): string {
  return `/v1/vehicles/${encodeURIComponent(vehicle)}/stop`;
}

/** What the REST API calls a value; undefined when nothing was said. One that is in no schema is the API's to refuse. */
function nameOf(values: Readonly<Record<number, string>>, value: number): string | undefined {
  return value === 0 ? undefined : values[value]?.toLowerCase() ?? String(value);
}

/** A command as the REST API shows it. */
function readCommand(view: unknown): Command {
  const { class: name, priority, state, steps, ...rest } = commandAnswer.parse(view);
  const command = fromJson(CommandSchema, rest as JsonValue);
  command.class = valueOf(CommandClass, name);
  command.priority = valueOf(Priority, priority);
  command.state = valueOf(CommandState, state);
  command.steps = steps.map(({ at, state, by, ...step }) =>
    create(StepSchema, {
      ...step,
      at: fromJson(TimestampSchema, at),
      state: valueOf(CommandState, state),
      by: valueOf(Speaker, by),
    })
  );
  return command;
}

function readStop(view: unknown): Stop {
  return fromJson(StopSchema, stopAnswer.parse(view));
}

/** The number of a name in a protobuf enumeration; 0 when it has none. */
function valueOf<T extends number>(values: Readonly<Record<string, string | T>>, name: string): T {
  return (values[name.toUpperCase()] ?? 0) as T;
}
