import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { answerIn, LeanClient } from "./lean_client.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("an answer is complete when its body is", () => {
  const bytes = bytesOf("HTTP/1.1 507 Insufficient Storage\r\nvary: x\r\nContent-Length: 7\r\n\r\nvoll ü");
  deepEqual(answerIn(bytes), { status: 507, text: "voll ü", isLast: false });
  for (let cut = 0; cut < bytes.byteLength; cut++) equal(answerIn(bytes.subarray(0, cut)), undefined);
  equal(answerIn(bytesOf("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"))?.isLast, true);
  throws(() => answerIn(bytesOf("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")), /tells no length/);
});

Deno.test("posts one after another share a connection, posts side by side do not", async () => {
  const ports = new Set<number>();
  const together = Promise.withResolvers<void>();
  let waiting = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request, { remoteAddr }) => {
    ports.add(remoteAddr.port);
    const posted = await request.json();
    if (posted === "together" && ++waiting === 2) together.resolve();
    if (posted === "together") await together.promise;
    return Response.json({ posted, type: request.headers.get("content-type") }, { status: 201 });
  });
  const client = new LeanClient(`http://127.0.0.1:${server.addr.port}`);
  for (const word of ["first", "zweite Größe"]) {
    const { status, text } = await client.post("/v1/log", JSON.stringify(word));
    deepEqual([status, JSON.parse(text)], [201, { posted: word, type: "application/json" }]);
  }
  equal(ports.size, 1);
  await Promise.all(["together", "together"].map((word) => client.post("/v1/log", JSON.stringify(word))));
  equal(ports.size, 2);
  client.close();
  await server.shutdown();
});

Deno.test("a large post whose answer is the connection's last is followed by others", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { length } = await request.json();
    return Response.json(length, { headers: { connection: "close" } });
  });
  const client = new LeanClient(`http://127.0.0.1:${server.addr.port}`);
  for (const length of [100_000, 200_000]) {
    const { text, isLast } = await client.post("/", JSON.stringify("x".repeat(length)));
    deepEqual([text, isLast], [`${length}`, true]);
  }
  client.close();
  await server.shutdown();
});

Deno.test("a connection that ends before the answer is an error", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ending = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    connection.close();
  })();
  await rejects(new LeanClient(`http://127.0.0.1:${listener.addr.port}`).post("/", "{}"), /the connection ended/);
  await ending;
  listener.close();
});
