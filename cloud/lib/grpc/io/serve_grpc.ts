/**
 * Native gRPC over HTTP/2 without TLS, on the Unix socket to which the guard of a service hands such connections. By
 * node:http2, since Deno.serve sends no trailers.
 */
import http2 from "node:http2";
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { file_google_rpc_error_details as statusDetails } from "#proto/gen/google/rpc/error_details_pb.ts";
import { Health } from "#proto/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "#proto/gen/grpc/reflection/v1/reflection_pb.ts";
import type { Clock } from "#proto/ports.ts";
import { grpcDeadlineMsMax, grpcPingMs, grpcStopMs, grpcStreamsMax } from "../../limits.ts";
import { healthService } from "../health.ts";
import { reflectionService } from "../reflection.ts";

/** What is served. */
export interface GrpcOptions {
  readonly socket: string;
  readonly services: readonly DescService[];
  readonly routes: (router: ConnectRouter) => void;
  readonly isServing: () => boolean;
  readonly messageBytesMax: number;
  readonly clock: Pick<Clock, "after">;
}

/** A server that serves. */
export interface GrpcServer {
  /** Takes no more calls, and lets those that are under way end, for a moment. */
  shutdown(): Promise<void>;
}

/** Serves the services with health and reflection beside them. */
export async function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { socket, services, routes, isServing, messageBytesMax, clock } = options;
  const handler = connectNodeAdapter({
    ...{ connect: false, grpcWeb: false, grpc: true },
    readMaxBytes: messageBytesMax,
    maxTimeoutMs: grpcDeadlineMsMax,
    routes: (router) => {
      routes(router);
      router.service(Health, healthService({ services: services.map(({ typeName }) => typeName), isServing, clock }));
      router.service(ServerReflection, reflectionService([...services, Health, ServerReflection], [statusDetails]));
    },
    fallback: (_request, response) => {
      response.writeHead(505, { "content-type": "text/plain" });
      response.end("HTTP/2 is for gRPC here: send REST requests by HTTP/1.1\n");
    },
  });
  const server = http2.createServer({ settings: { maxConcurrentStreams: grpcStreamsMax } }, handler);
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    // A stream on which nothing happens is no reason to end its connection; a peer that is gone is.
    let isThere = true;
    const pinging = setInterval(() => {
      if (!isThere) return session.destroy();
      isThere = false;
      session.ping((error) => isThere = error === null);
    }, grpcPingMs);
    session.on("error", () => session.destroy());
    session.on("close", () => {
      clearInterval(pinging);
      sessions.delete(session);
    });
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(socket, resolve);
  await listening;
  return {
    shutdown: async () => {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const session of sessions) session.close();
      const patience = new AbortController();
      await Promise.race([closed, clock.after(grpcStopMs, patience.signal).catch(() => undefined)]);
      patience.abort();
      for (const session of sessions) session.destroy();
    },
  };
}
