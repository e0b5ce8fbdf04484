/** A service's public API behind its guard. */
import { type GuardedServer, serveGuarded } from "#proto/io/http_guard.ts";
import { apiSocket } from "../permissions.ts";

/** Serves at `host:port`; throws `bad_config` when that cannot be bound. */
export function serveApi(
  { service, address }: { service: string; address: string },
  handler: (request: Request) => Response | Promise<Response>,
): GuardedServer {
  const at = address.lastIndexOf(":");
  const hostname = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const port = Number(address.slice(at + 1));
  return serveGuarded({ hostname, port, socket: apiSocket(service, address) }, handler);
}
