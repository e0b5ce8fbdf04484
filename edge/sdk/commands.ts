/**
 * The part of the local API by which the vehicle's software takes commands: a stream of them, each to be claimed before it
 * is begun, with progress and result told back.
 */
import type { Context, Hono } from "hono";
import { z } from "zod";
import { Fault } from "#proto/errors.ts";
import { type JsonValue, parseJson, stringifyJson } from "#proto/json.ts";
import type { Clock } from "#proto/ports.ts";
import type { CommandDesk } from "../commands/desk.ts";
import type { SoftwareEvent } from "../commands/software.ts";
import { commandPingMs, eventDataBytesMax, eventDetailLengthMax } from "../limits.ts";
import { readBody } from "./body.ts";

/** What the routes stand on. */
export interface CommandParts {
  /** Undefined while it is not open, or for a vehicle that takes no commands. */
  readonly desk: () => CommandDesk | undefined;
  readonly clock: Clock;
}

const clientPattern = /^[\x21-\x7e]{1,64}$/;

const resultBody = z.strictObject({
  state: z.enum(["succeeded", "failed", "rejected", "cancelled", "superseded"]),
  code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/).default(""),
  detail: z.string().max(eventDetailLengthMax).default(""),
  data: z.json().optional(),
});
const progressBody = z.strictObject({ data: z.json() });

/** Adds the routes to the app. */
export function addCommands(app: Hono, { desk, clock }: CommandParts): void {
  const demand = (): CommandDesk => {
    const found = desk();
    if (found !== undefined) return found;
    throw new Fault(
      "unavailable",
      "Cannot take commands: the agent has no command root, or has not opened its journal",
    );
  };
  app.get("/v1/commands", (context) => {
    const client = context.req.query("client") ?? "software";
    if (!clientPattern.test(client)) {
      throw new Fault("bad_query", "Cannot attach: client wants 1 to 64 visible characters");
    }
    return streamOf(demand(), { client, clock });
  });
  app.post("/v1/commands/:id/claim", async (context) => {
    return context.json(await demand().claim(context.req.param("id")));
  });
  app.post("/v1/commands/:id/progress", async (context) => {
    const { data } = await bodyOf(context, { schema: progressBody, clock });
    await demand().progress(context.req.param("id"), dataText(data));
    return context.json({ id: context.req.param("id") });
  });
  app.post("/v1/commands/:id/result", async (context) => {
    const { data, ...word } = await bodyOf(context, { schema: resultBody, clock });
    await demand().result(context.req.param("id"), { ...word, data: data === undefined ? "" : dataText(data) });
    return context.json({ id: context.req.param("id"), state: word.state });
  });
}

/** Server-sent events (WHATWG HTML, 9.2) until either end hangs up. */
function streamOf(desk: CommandDesk, { client, clock }: { client: string; clock: Clock }): Response {
  const attachment = desk.attach(client);
  const text = new TextEncoder();
  const over = new AbortController();
  const end = () => {
    over.abort();
    desk.detach(attachment);
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(text.encode(": attached\n\n"));
      void pingUntil(over.signal, { clock, ping: () => controller.enqueue(text.encode(": ping\n\n")) });
    },
    pull: async (controller) => {
      const event = await attachment.next();
      if (event !== undefined) return controller.enqueue(text.encode(eventText(event)));
      end();
      controller.close();
    },
    cancel: end,
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}

async function pingUntil(signal: AbortSignal, { clock, ping }: { clock: Clock; ping: () => void }): Promise<void> {
  for (;;) {
    const isOver = await clock.after(commandPingMs, signal).then(() => false, () => true);
    if (isOver) return;
    ping();
  }
}

function eventText({ kind, data }: SoftwareEvent): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function bodyOf<Schema extends z.ZodType>(
  context: Context,
  { schema, clock }: { schema: Schema; clock: Clock },
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(parseJson(await readBody(context.req.raw, clock)));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const pointer = path.map((part) => `/${String(part)}`).join("");
  throw new Fault("bad_query", `Cannot take the request: ${pointer} ${message}`, { pointer });
}

function dataText(data: unknown): string {
  const text = stringifyJson(data as JsonValue);
  if (new TextEncoder().encode(text).byteLength <= eventDataBytesMax) return text;
  throw new Fault("too_large", `Cannot take data: wanted at most ${eventDataBytesMax} bytes`);
}
