/** Reads a request's body up to a limit, whatever its headers promise. */
import { Fault } from "#proto/errors.ts";
import { postBytesMax } from "#proto/limits.ts";

/** The body as text; throws `too_large` as soon as it passes the limit, `malformed_json` when it is no UTF-8. */
export async function readBody(request: Request): Promise<string> {
  const promised = Number(request.headers.get("content-length") ?? 0);
  if (promised > postBytesMax) throw tooLarge();
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > postBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return decode(chunks.length === 1 ? chunks[0] : joined(chunks, length));
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
