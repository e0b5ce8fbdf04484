/**
 * Which commands there are, what each does to a vehicle, and what it wants to know. A deployment may add its own by the
 * configuration.
 */
import { z } from "zod";
import { Fault } from "#proto/errors.ts";
import type { JsonValue } from "#proto/json.ts";
import type { CommandClass } from "#proto/order.ts";

/** What a type looks like. Those that begin with `ss_` are SystemScale's own. */
export const commandTypePattern = /^(?!ss_)[a-z][a-z0-9_]{0,62}$/;

/** One type of command. */
export interface CommandTemplate {
  readonly class: CommandClass;
  /** Undefined: any object. */
  readonly data?: z.ZodType;
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

/** The common types and those of a deployment. */
export function catalogueOf(own: readonly { readonly type: string; readonly class: CommandClass }[] = []): Catalogue {
  return new Map([...common, ...own.map(({ type, class: name }) => [type, { class: name }] as const)]);
}

/** The template of a type, for data that it takes. Throws `unknown_command`, or `bad_query` with a pointer. */
export function templateFor(
  catalogue: Catalogue,
  { type, data }: { readonly type: string; readonly data: JsonValue },
): CommandTemplate {
  const template = catalogue.get(type);
  if (template === undefined) {
    const known = [...catalogue.keys()].join(", ");
    throw new Fault("unknown_command", `Cannot take command of type "${type.slice(0, 64)}": known are ${known}`, {
      pointer: "/type",
    });
  }
  const issue = template.data?.safeParse(data).error?.issues[0];
  if (issue === undefined) return template;
  const pointer = `/data${issue.path.map((part) => `/${String(part)}`).join("")}`;
  throw new Fault("bad_query", `Cannot take data of "${type}": ${pointer} ${issue.message}`, { pointer });
}
