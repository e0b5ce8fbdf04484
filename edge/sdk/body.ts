/** Reads a request's body up to a limit of size and time, whatever its headers promise. */
import { Fault } from "#proto/errors.ts";
import { postBytesMax } from "#proto/limits.ts";
import type { Clock } from "#proto/ports.ts";
import { within } from "#proto/within.ts";
import { postBodyTimeoutMs } from "../limits.ts";

/**
 * The body as text. Throws `too_large` as soon as it passes the limit, `body_timeout` when it does not come,
 * `bad_request` when it breaks off, `unsupported_media_type` when it is packed and `malformed_json` when it is no UTF-8.
 */
export async function readBody({ headers, body }: Request, clock: Clock): Promise<string> {
  const packing = headers.get("content-encoding") ?? "identity";
  if (packing.toLowerCase() !== "identity") {
    const given = packing.slice(0, 40);
    throw new Fault("unsupported_media_type", `Cannot take Content-Encoding "${given}": wanted a plain body`);
  }
  if (Number(headers.get("content-length") ?? 0) > postBytesMax) throw tooLarge();
  if (body === null) return "";
  const reader = body.getReader();
  const fault = () => new Fault("body_timeout", `Cannot read the body: not all of it came in ${postBodyTimeoutMs} ms`);
  try {
    return decode(await within(readAll(reader), { clock, limitMs: postBodyTimeoutMs, fault }));
  } catch (error) {
    // Not awaited: the answer must not depend on how a stream that failed takes its end.
    void Promise.allSettled([reader.cancel()]);
    throw error;
  }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await readPart(reader); !part.done; part = await readPart(reader)) {
    length += part.value.byteLength;
    if (length > postBytesMax) throw tooLarge();
    chunks.push(part.value);
  }
  return chunks.length === 1 ? chunks[0] : joined(chunks, length);
}

/** A caller that hangs up is no failure of ours. */
async function readPart(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new Fault("bad_request", "Cannot read the body: it broke off", { cause });
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault("malformed_json", "Cannot read the body: it is not UTF-8", { cause: error });
  }
}

function tooLarge(): Fault {
  return new Fault("too_large", `Cannot take the body: it is larger than ${postBytesMax} bytes`);
}
