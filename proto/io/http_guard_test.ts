import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { ConnectionTimes } from "../base/connection_watch.ts";
import { httpHeadBytesMax } from "../limits.ts";
import { type GuardedServer, type GuardOptions, guardSocket, serveGuarded } from "./http_guard.ts";

/** Short, so that the test is; what is to be late is late for ever. */
const times: ConnectionTimes = { headMs: 800, answerMs: 1500, idleMs: 1500 };
/** For what is to be in time, however busy the machine is. */
const patient: ConnectionTimes = { headMs: 60_000, answerMs: 60_000, idleMs: 60_000 };
const encoder = new TextEncoder();

async function guarded(
  work: (server: GuardedServer) => Promise<void>,
  { handler = answer, ...options }: Partial<GuardOptions> & { handler?: (request: Request) => Promise<Response> } = {},
): Promise<void> {
  const server = serveGuarded(
    { hostname: "127.0.0.1", port: 0, socket: guardSocket("test", 0), times, ...options },
    handler,
  );
  try {
    await work(server);
  } finally {
    await server.shutdown();
  }
}

async function answer(request: Request): Promise<Response> {
  const body = await request.text().catch(() => "that broke off");
  return new Response(`${request.method} ${new URL(request.url).pathname} ${body}`);
}

/** A connection on which these bytes were sent. */
async function connect({ port }: GuardedServer, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(encoder.encode(text));
  return connection;
}

/** Everything that is said until the end. */
async function restOf(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  connection.close();
  return text;
}

async function statusOf(server: GuardedServer, text: string): Promise<string> {
  return (await restOf(await connect(server, text))).split("\r\n")[0];
}

Deno.test("requests pass, one after another on a connection, with bodies and large answers", () =>
  guarded(async ({ port }) => {
    const url = `http://127.0.0.1:${port}`;
    for (let i = 0; i < 3; i++) equal(await (await fetch(`${url}/a${i}`)).text(), `GET /a${i} `);
    const body = "b".repeat(300_000);
    equal(await (await fetch(`${url}/post`, { method: "POST", body })).text(), `POST /post ${body}`);
  }, { times: patient }));

Deno.test("a head that does not come, comes slowly, is too large or none is refused", () =>
  guarded(async (server) => {
    equal(await statusOf(server, ""), "HTTP/1.1 408 Request Timeout");
    equal(await statusOf(server, "GET / HTTP/1.1\r\nHost: a\r\n"), "HTTP/1.1 408 Request Timeout");
    equal(
      await statusOf(server, `GET / HTTP/1.1\r\nA: ${"a".repeat(httpHeadBytesMax)}`),
      "HTTP/1.1 431 Request Header Fields Too Large",
    );
    equal(await statusOf(server, "\x16\x03\x01\x02"), "HTTP/1.1 400 Bad Request");
    equal(await statusOf(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  }));

Deno.test("a later head or a body that does not come ends the connection, and so does silence", () =>
  guarded(async (server) => {
    const request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    const later = await connect(server, request);
    const buffer = new Uint8Array(1000);
    match(new TextDecoder().decode(buffer.subarray(0, await later.read(buffer) ?? 0)), /^HTTP\/1.1 200/);
    await later.write(encoder.encode("GET /y HTT"));
    match(await restOf(later), /408 Request Timeout/);
    match(await statusOf(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"), /408/);
    const silent = await restOf(await connect(server, request));
    ok(silent.endsWith("GET /x ") && !silent.includes("408"), silent);
  }));

Deno.test("an answer that nobody reads does not stay", () => {
  const ended = Promise.withResolvers<void>();
  const handler = () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
      cancel: () => ended.resolve(),
    });
    return Promise.resolve(new Response(endless));
  };
  return guarded(async (server) => {
    const connection = await connect(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await ended.promise;
    connection.close();
  }, { handler });
});

Deno.test("connections are bounded in all and per address, and a place that is left is free again", () =>
  guarded(async (server) => {
    const held = [await connect(server, "GET"), await connect(server, "GET")];
    equal(await statusOf(server, ""), "HTTP/1.1 503 Service Unavailable");
    // The guard sees the end of these before anything that comes after it.
    deepEqual((await Promise.all(held.map(restOf))).map((text) => text.slice(0, 12)), ["HTTP/1.1 408", "HTTP/1.1 408"]);
    equal(await (await fetch(`http://127.0.0.1:${server.port}/a`)).text(), "GET /a ");
  }, { connectionsPerAddressMax: 2 }));

Deno.test("a stop lets an answer that is under way end", async () => {
  const [asked, wanted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handler = async () => {
    asked.resolve();
    await wanted.promise;
    return new Response("late");
  };
  const server = serveGuarded(
    { hostname: "127.0.0.1", port: 0, socket: guardSocket("test", 0), times: patient },
    handler,
  );
  const silent = await connect(server, "GET");
  const answered = fetch(`http://127.0.0.1:${server.port}/`).then((response) => response.text());
  await asked.promise;
  const stopped = server.shutdown();
  wanted.resolve();
  equal(await answered, "late");
  await stopped;
  equal(await restOf(silent), "");
});

Deno.test("a client of HTTP/2 is refused where nobody speaks it", async () => {
  await guarded(async (server) => {
    const connection = await connect(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    match(await restOf(connection), /^HTTP\/1\.1 400 /);
  });
});
