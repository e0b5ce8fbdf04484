import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Hono } from "hono";
import { serveTcp, serveUnix } from "./sdk_listener.ts";

const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";

/** An app that tells when it has a request, waits for its body, and tells when that breaks off. */
function waitingApp(): { app: Hono; entered: Promise<void>; left: Promise<void> } {
  const [entered, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const app = new Hono();
  app.get("/", (context) => context.text("hello"));
  app.post("/", async (context) => {
    entered.resolve();
    await context.req.text().catch(() => left.resolve());
    return context.text("");
  });
  return { app, entered: entered.promise, left: left.promise };
}

Deno.test("a peer that never ends its request does not keep the listener from stopping", async () => {
  const { app, entered, left } = waitingApp();
  const listener = serveTcp(app, { host: "127.0.0.1", port: 0 });
  const peer = await Deno.connect({ port: listener.port });
  await peer.write(new TextEncoder().encode(head));
  await entered;
  const beganAtMs = performance.now();
  await listener.stop();
  ok(performance.now() - beganAtMs < 2_000);
  peer.close();
  await left;
});

Deno.test("a socket that a crash left behind is replaced, and nothing else is", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/agent.sock`;
  Deno.listen({ transport: "unix", path }).close();
  const listener = await serveUnix(waitingApp().app, path);
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const response = await fetch("http://localhost/", { client });
  deepStrictEqual([response.status, await response.text()], [200, "hello"]);
  client.close();
  await listener.stop();

  const file = `${folder}/agent.yaml`;
  await Deno.writeTextFile(file, "precious");
  await rejects(serveUnix(waitingApp().app, file), /is no socket/);
  strictEqual(await Deno.readTextFile(file), "precious");
  await Deno.remove(folder, { recursive: true });
});
