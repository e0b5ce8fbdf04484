/**
 * Which commands there are, what each does to a vehicle, and what it wants to know. A deployment may add its own by the
 * configuration.
 */
import { z } from "zod";
import { asFault, Fault } from "#proto/errors.ts";
import type { JsonValue } from "#proto/json.ts";
import type { CommandClass } from "#proto/order.ts";
import type { Role } from "../lib/auth/rules.ts";

/** What a type looks like. Those that begin with `ss_` are SystemScale's own. */
export const commandTypePattern = /^(?!ss_)[a-z][a-z0-9_]{0,62}$/;

/** One type of command. */
export interface CommandTemplate {
  readonly class: CommandClass;
  /** Undefined: any object. */
  readonly data?: z.ZodType | undefined;
  /** Types of vehicles that know it; undefined: all. */
  readonly vehicleTypes?: readonly string[] | undefined;
  /** The least role besides that of the class. */
  readonly role?: Role | undefined;
}

/** A type of a deployment, as its configuration has it. */
export interface OwnType extends Pick<CommandTemplate, "class" | "role"> {
  readonly type: string;
  /** JSON Schema, draft 2020-12. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly vehicle_types?: readonly string[] | undefined;
}

/** Types by name. */
export type Catalogue = ReadonlyMap<string, CommandTemplate>;

const nothing = z.strictObject({});
const metres = z.number().min(-500).max(20_000);

/** What vehicles of every kind understand. */
const common: readonly (readonly [string, CommandTemplate])[] = [
  ["arm", { class: "motion", data: nothing }],
  ["disarm", { class: "motion", data: nothing }],
  ["takeoff", { class: "motion", data: z.strictObject({ altitude_m: metres.optional() }) }],
  ["land", { class: "motion", data: nothing }],
  ["rtl", { class: "motion", data: nothing }],
  ["hold", { class: "motion", data: nothing }],
  [
    "goto",
    {
      class: "motion",
      data: z.strictObject({
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        altitude_m: metres.optional(),
      }),
    },
  ],
  ["set_speed", { class: "motion", data: z.strictObject({ speed_mps: z.number().min(0).max(500) }) }],
  ["ping", { class: "query", data: nothing }],
];

/** The common types and those of a deployment. Throws `bad_config` for a schema that cannot be held to. */
export function catalogueOf(own: readonly OwnType[] = []): Catalogue {
  return new Map([
    ...common,
    ...own.map(({ type, vehicle_types: vehicleTypes, data, ...facts }): [string, CommandTemplate] => {
      return [type, { ...facts, vehicleTypes, data: data && schemaOf(type, data) }];
    }),
  ]);
}

function schemaOf(type: string, data: Readonly<Record<string, unknown>>): z.ZodType {
  try {
    return z.fromJSONSchema(data);
  } catch (cause) {
    throw new Fault("bad_config", `Cannot hold commands "${type}" to their schema: ${asFault(cause).message}`, {
      cause,
    });
  }
}

/**
 * The template of a type, for a vehicle that knows it and data that it takes. Throws `unknown_command`, or `bad_query`
 * with a pointer. Of a vehicle whose type nobody knows nothing is said.
 */
export function templateFor(
  catalogue: Catalogue,
  { type, data, vehicleType }: {
    readonly type: string;
    readonly data: JsonValue;
    readonly vehicleType: string | undefined;
  },
): CommandTemplate {
  const template = catalogue.get(type);
  if (template === undefined) {
    const known = [...catalogue.keys()].join(", ");
    const detail = `Cannot take command of type "${type.slice(0, 64)}": known are ${known}`;
    throw new Fault("unknown_command", detail, { pointer: "/type" });
  }
  const { vehicleTypes } = template;
  if (vehicleTypes !== undefined && vehicleType !== undefined && !vehicleTypes.includes(vehicleType)) {
    const detail = `Cannot take "${type}" for a vehicle of type "${vehicleType}": it is for ${vehicleTypes.join(", ")}`;
    throw new Fault("unknown_command", detail, { pointer: "/type" });
  }
  const issue = template.data?.safeParse(data).error?.issues[0];
  if (issue === undefined) return template;
  const pointer = `/data${issue.path.map((part) => `/${String(part)}`).join("")}`;
  throw new Fault("bad_query", `Cannot take data of "${type}": ${pointer} ${issue.message}`, { pointer });
}
