import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#proto/gen/grpc/health/v1/health_pb.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { healthService } from "./health.ts";

function staged() {
  const clock = new VirtualClock();
  const state = { isServing: true };
  const health = healthService({ services: ["a.B"], isServing: () => state.isServing, clock });
  const client = createClient(Health, createRouterTransport(({ service }) => void service(Health, health)));
  return { clock, state, client };
}

Deno.test("the server and each of its services are serving or not, and others are not found", async () => {
  const { state, client } = staged();
  const statusOf = async (service: string) => (await client.check({ service })).status;
  equal([await statusOf(""), await statusOf("a.B")], [Status.SERVING, Status.SERVING]);
  state.isServing = false;
  equal(await statusOf("a.B"), Status.NOT_SERVING);
  await rejects(client.check({ service: "a.C" }), { code: Code.NotFound });
});

Deno.test("whoever watches is told each change once, until he leaves", async () => {
  const { clock, state, client } = staged();
  const leaving = new AbortController();
  const watch = client.watch({ service: "a.B" }, { signal: leaving.signal })[Symbol.asyncIterator]();
  equal((await watch.next()).value?.status, Status.SERVING);
  const next = watch.next();
  await clock.advance(5_000);
  state.isServing = false;
  await clock.advance(1_000);
  equal((await next).value?.status, Status.NOT_SERVING);
  const unknown = client.watch({ service: "a.C" }, { signal: leaving.signal })[Symbol.asyncIterator]();
  equal((await unknown.next()).value?.status, Status.SERVICE_UNKNOWN);
  leaving.abort();
  await rejects(watch.next(), { code: Code.Canceled });
  await rejects(unknown.next(), { code: Code.Canceled });
});
