/**
 * gRPC methods as requests to the REST API of the same service: who may do what, what is taken, what is written down and
 * what is answered is then the same by construction.
 */
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { EventStreamParser } from "#proto/base/event_stream.ts";
import { problemOf } from "#proto/base/problem.ts";
import { Fault } from "#proto/errors.ts";
import { statusOf } from "./status.ts";

/** The REST API. */
export type RestApi = (request: Request) => Response | Promise<Response>;

/** What to ask of it; parameters and body fields that are undefined are left out. */
export interface RestRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What of the call goes on. */
export type Call = Pick<HandlerContext, "requestHeader" | "signal" | "timeoutMs">;

/** What a method asks with. */
export interface Rest {
  /** The answer's JSON. Throws a `ConnectError` with the status of what was answered instead. */
  ask(request: RestRequest): Promise<unknown>;
  /** The JSON of each event of one name, until the stream ends; its event `error` is thrown. Faults as {@link ask}. */
  watch(request: RestRequest, event: string): AsyncGenerator<unknown>;
}

/** Asks in the name of whoever calls, and for as long as he waits. */
export function restFor(call: Call, api: RestApi): Rest {
  return {
    ask: async (request) => await (await answerOf(request, { call, api })).json(),
    watch: async function* (request, wanted) {
      const { body } = await answerOf(request, { call, api });
      if (body === null) return;
      const parser = new EventStreamParser();
      // Cancelled from outside: a generator that waits for news does not notice that nobody waits for it.
      for await (const text of body.pipeThrough(new TextDecoderStream(), { signal: call.signal })) {
        for (const { event, data } of parser.push(text)) {
          if (event === "error") throw statusOf(JSON.parse(data));
          if (event === wanted) yield JSON.parse(data);
        }
      }
    },
  };
}

async function answerOf(request: RestRequest, { call, api }: { call: Call; api: RestApi }): Promise<Response> {
  demandDeadline(call);
  const response = await api(requestOf(request, call));
  if (response.ok) return response;
  throw statusOf(await response.json().catch(() => undefined));
}

function requestOf({ method = "GET", path, query = {}, headers = {}, body }: RestRequest, call: Call): Request {
  const url = new URL(path, "http://localhost");
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const authorization = call.requestHeader.get("authorization");
  try {
    const sent = new Headers(headers);
    if (authorization !== null) sent.set("authorization", authorization);
    if (body !== undefined) sent.set("content-type", "application/json");
    const text = body === undefined ? null : JSON.stringify(body);
    return new Request(url, { method, headers: sent, body: text, signal: call.signal });
  } catch (cause) {
    // A text of the caller that no header can hold.
    throw statusOf(problemOf(new Fault("bad_request", "Cannot take the call: a text is not printable", { cause })));
  }
}

/** A call without a deadline may hang for ever, and nobody would know. */
function demandDeadline({ timeoutMs }: Call): void {
  if (timeoutMs() === undefined) {
    throw new ConnectError("Cannot take the call: it has no deadline", Code.InvalidArgument);
  }
}
