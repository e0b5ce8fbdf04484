/** Fetches lists of revoked certificates from where the configuration says, and from nowhere else. */
import { readFile, stat } from "node:fs/promises";
import { crlBytesMax } from "../base/crl.ts";
import { Fault } from "../errors.ts";
import type { CrlSource } from "../ports.ts";

/** An address (http, https) or a file. */
export type CrlLocation = { readonly url: string } | { readonly file: string };

/** The source of one list. */
export function crlSource(location: CrlLocation): CrlSource {
  return { fetch: (signal) => "url" in location ? fetchUrl(location.url, signal) : readList(location.file, signal) };
}

async function fetchUrl(url: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    // A redirect would let whoever answers send the relay anywhere.
    const response = await fetch(url, {
      signal,
      redirect: "error",
      headers: { accept: "application/pkix-crl", "accept-encoding": "identity", "cache-control": "no-cache" },
    });
    if (response.status === 200 && response.body !== null) return await bytesOf(response.body);
    await response.body?.cancel();
    throw new Fault("unavailable", `Cannot fetch CRL from "${url}": status ${response.status}`);
  } catch (cause) {
    throw asUnavailable(cause, `Cannot fetch CRL from "${url}"`);
  }
}

async function readList(file: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > crlBytesMax) throw new Fault("too_large", `Cannot take CRL "${file}" of ${size} bytes`);
    const { buffer, byteOffset, byteLength } = await readFile(file, { signal });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    throw asUnavailable(cause, `Cannot read CRL "${file}"`);
  }
}

/** All bytes of a stream, of which nobody need know beforehand how many there are. */
async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > crlBytesMax) throw new Fault("too_large", `Cannot take CRL: it has more than ${crlBytesMax} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function asUnavailable(cause: unknown, action: string): Fault {
  if (cause instanceof Fault) return cause;
  return new Fault("unavailable", `${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
