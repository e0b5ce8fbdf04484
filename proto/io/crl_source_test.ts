import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { crlBytesMax } from "../base/crl.ts";
import { crlSource } from "./crl_source.ts";

const list = Uint8Array.of(0x30, 1, 2);
const never = new AbortController().signal;

/** A server on loopback that answers by path, and what was asked of it. */
function serve(answers: Record<string, () => Response>) {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    return answers[pathname]();
  });
  return { asked, server, at: (path: string) => crlSource({ url: `http://127.0.0.1:${server.addr.port}${path}` }) };
}

/** Bytes without end, as fast as they are taken. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) });
}

Deno.test("a list comes from the address that was given, and from no other", async () => {
  const { asked, at, server } = serve({
    "/crl": () => new Response(list),
    "/moved": () => new Response(null, { status: 302, headers: { location: "/crl" } }),
    "/gone": () => new Response("no", { status: 404 }),
  });
  try {
    deepEqual(await at("/crl").fetch(never), list);
    await rejects(at("/moved").fetch(never), { code: "unavailable" });
    await rejects(at("/gone").fetch(never), { code: "unavailable" });
    deepEqual(asked, ["/crl", "/moved", "/gone"]);
  } finally {
    await server.shutdown();
  }
  await rejects(at("/crl").fetch(never), { code: "unavailable" });
});

Deno.test("no more is read than a list may have, whatever its length is said to be", async () => {
  const { at, server } = serve({ "/crl": () => new Response(endless()) });
  try {
    await rejects(at("/crl").fetch(never), { code: "too_large" });
  } finally {
    await server.shutdown();
  }
});

Deno.test("a fetch ends when it is told to, in the middle too", async () => {
  const stop = new AbortController();
  const { at, server } = serve({
    "/crl": () => {
      stop.abort();
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(list) }));
    },
  });
  try {
    await rejects(at("/crl").fetch(stop.signal), { code: "unavailable" });
  } finally {
    await server.shutdown();
  }
});

Deno.test("a list may be a file, that is read anew each time", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "vehicles.crl");
    const source = crlSource({ file });
    await rejects(source.fetch(never), { code: "unavailable" });
    await Deno.writeFile(file, list);
    deepEqual(await source.fetch(never), list);
    await Deno.writeFile(file, new Uint8Array(crlBytesMax));
    equal((await source.fetch(never)).byteLength, crlBytesMax);
    await Deno.truncate(file, crlBytesMax + 1);
    await rejects(source.fetch(never), { code: "too_large" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
