/** Serves the local API on TCP and, where configured, on a Unix socket. */
import type { Hono } from "hono";

/** Where to listen. */
export interface SdkAddress {
  readonly host: string;
  readonly port: number;
}

/** A listener at work. */
export interface SdkListener {
  /** The port in use; the one asked for, or a free one for 0. */
  readonly port: number;
  /** Takes no more requests and waits for those under way. */
  stop(): Promise<void>;
}

/** Listens on TCP. */
export function serveTcp(app: Hono, { host, port }: SdkAddress): SdkListener {
  const server = Deno.serve({ hostname: host, port, onListen: () => {} }, app.fetch);
  return { port: server.addr.port, stop: () => server.shutdown() };
}

/** Listens on a Unix socket; one that a crash left behind is replaced. */
export async function serveUnix(app: Hono, path: string): Promise<Pick<SdkListener, "stop">> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const server = Deno.serve({ path, onListen: () => {} }, app.fetch);
  return { stop: () => server.shutdown() };
}
