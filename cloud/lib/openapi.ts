/** What the services' OpenAPI documents have in common: refusals, bounds, names. */
import { z } from "@hono/zod-openapi";
import { codes } from "#proto/errors.ts";
import { vehicleIdPattern } from "#proto/ids.ts";

/** A vehicle's id. */
export const vehicleId = z.string().regex(vehicleIdPattern).openapi({ example: "drone-001" });

/** Parameters in the path of everything about one vehicle. */
export const vehiclePath = z.strictObject({ id: vehicleId });

/** For requests that take no parameters: a misspelt one is an error, not ignored. */
export const noQuery = z.strictObject({});

/** How many are wanted in an answer. */
export function limit({ most, usual }: { most: number; usual: number }) {
  return z.string().regex(/^[1-9][0-9]{0,5}$/, `wanted 1 to ${most}`).transform(Number)
    .pipe(z.number().int().min(1).max(most)).prefault(`${usual}`)
    .openapi({ type: "integer", minimum: 1, maximum: most, default: usual });
}

/** How a document shows an answer. Loosely typed: handlers that write their own JSON fit as well. */
export interface Answer {
  readonly description: string;
  readonly content: Record<string, { schema: z.ZodType }>;
}

/** A refusal. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  pointer: z.string().optional(),
}).openapi("Problem", { description: "RFC 9457" });

/** An answer in good order. */
export function answer(schema: z.ZodType, description = "As asked"): Answer {
  return { description, content: { "application/json": { schema } } };
}

/** Refusals by the codes that may come. */
export function problems(of: readonly (keyof typeof codes)[]) {
  const content = { "application/problem+json": { schema: problem } };
  return Object.fromEntries(of.map((code) => [codes[code].status, { description: codes[code].title, content }]));
}

/** What every operation asks for. */
export const bearerSecurity = [{ bearer: [] }];
