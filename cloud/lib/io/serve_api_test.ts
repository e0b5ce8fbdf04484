import { deepStrictEqual as equal, match, rejects, strictEqual } from "node:assert/strict";
import { Code, type ConnectRouter, createClient, type HandlerContext } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#proto/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "#proto/gen/grpc/reflection/v1/reflection_pb.ts";
import { CommandService } from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { processClock } from "#proto/io/clock.ts";
import { serveApi } from "./serve_api.ts";

const service = {
  getStop: ({ vehicleId }: { vehicleId: string }) => ({ stop: { vehicleId } }),
  watchCommand: async function* (_request: unknown, { signal }: HandlerContext) {
    yield { command: { commandId: "a" } };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
};
const grpc = {
  services: [CommandService],
  routes: (router: ConnectRouter) => void router.service(CommandService, service),
  isServing: () => true,
  messageBytesMax: 1_000,
  clock: processClock(),
};

function serve() {
  return serveApi({ service: "test", address: "127.0.0.1:0", grpc }, ({ url }) => new Response(new URL(url).pathname));
}

/** A client of all that is served, on one connection. */
function clientOf(port: number) {
  const baseUrl = `http://127.0.0.1:${port}`;
  const session = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager: session });
  return {
    commands: createClient(CommandService, transport),
    health: createClient(Health, transport),
    reflection: createClient(ServerReflection, transport),
    leave: () => session.abort(),
  };
}

Deno.test("one port serves REST and gRPC, with health and reflection", async () => {
  const server = await serve();
  const { commands, health, reflection, leave } = clientOf(server.port);
  try {
    equal((await commands.getStop({ vehicleId: "a" })).stop?.vehicleId, "a");
    strictEqual(await (await fetch(`http://127.0.0.1:${server.port}/rest`)).text(), "/rest");
    equal((await health.check({})).status, Status.SERVING);
    const questions = (async function* () {
      yield await Promise.resolve({ messageRequest: { case: "listServices" as const, value: "" } });
    })();
    const [answer] = await Array.fromAsync(reflection.serverReflectionInfo(questions));
    match(JSON.stringify(answer.messageResponse), /CommandService.*Health.*ServerReflection/);
  } finally {
    leave();
    await server.shutdown();
  }
});

Deno.test("what is too large or not there is refused, and takes nothing from other calls of its connection", async () => {
  const server = await serve();
  const { commands, leave } = clientOf(server.port);
  try {
    const watch = commands.watchCommand({})[Symbol.asyncIterator]();
    equal((await watch.next()).value?.command?.commandId, "a");
    await rejects(commands.getStop({ vehicleId: "a".repeat(2_000) }), { code: Code.ResourceExhausted });
    await rejects(commands.getCommand({}), { code: Code.Unimplemented });
    equal((await commands.getStop({ vehicleId: "b" })).stop?.vehicleId, "b");
    await watch.return?.();
  } finally {
    leave();
    await server.shutdown();
  }
});

Deno.test("a call that never ends does not hold up the end of the service", async () => {
  const server = await serve();
  const { commands, leave } = clientOf(server.port);
  const watch = commands.watchCommand({})[Symbol.asyncIterator]();
  await watch.next();
  const next = watch.next();
  await Promise.all([server.shutdown(), rejects(next)]);
  leave();
});
