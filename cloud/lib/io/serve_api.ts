/** A service's public API behind its guard: REST, and gRPC on the same port where a service has it. */
import { type GuardedServer, removeStale, serveGuarded } from "#proto/io/http_guard.ts";
import { type GrpcOptions, serveGrpc } from "../grpc/io/serve_grpc.ts";
import { apiSocket, grpcSocket } from "../permissions.ts";

/** What is served where. */
export interface ApiServerOptions {
  readonly service: string;
  /** `host:port`. */
  readonly address: string;
  readonly grpc?: Omit<GrpcOptions, "socket">;
}

/** Serves; throws `bad_config` when the address cannot be bound. */
export async function serveApi(
  { service, address, grpc }: ApiServerOptions,
  handler: (request: Request) => Response | Promise<Response>,
): Promise<GuardedServer> {
  const at = address.lastIndexOf(":");
  const hostname = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const port = Number(address.slice(at + 1));
  const socket = apiSocket(service, address);
  if (grpc === undefined) return serveGuarded({ hostname, port, socket }, handler);
  const http2Socket = grpcSocket(service, address);
  // The port first: whoever has it has the socket.
  const rest = serveGuarded({ hostname, port, socket, http2Socket }, handler);
  removeStale(http2Socket);
  const calls = await serveGrpc({ ...grpc, socket: http2Socket });
  return {
    port: rest.port,
    shutdown: async () => {
      await Promise.all([calls.shutdown(), rest.shutdown()]);
    },
  };
}
