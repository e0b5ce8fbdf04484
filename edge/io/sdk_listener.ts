/**
 * Serves the local API on TCP and, where configured, on a Unix socket.
 *
 * Deno.serve sets no time limit for a request's headers, so a peer may hold a connection as long as it likes; the time
 * of a body is limited by the app. On loopback that costs one of our own programs a descriptor.
 */
import type { Hono } from "hono";
import { Fault } from "#proto/errors.ts";
import { stopListenerMs } from "../limits.ts";

/** Where to listen. */
export interface SdkAddress {
  readonly host: string;
  readonly port: number;
}

/** A listener at work. */
export interface SdkListener {
  /** The port in use; the one asked for, or a free one for 0. */
  readonly port: number;
  /** Takes no more requests, and waits a little for those under way; what then is left ends with the process. */
  stop(): Promise<void>;
}

/** Listens on TCP. */
export function serveTcp(app: Hono, { host, port }: SdkAddress): SdkListener {
  const server = Deno.serve({ hostname: host, port, onListen: () => {} }, app.fetch);
  return { port: server.addr.port, stop: () => stop(server) };
}

/** Listens on a Unix socket; one that a crash left behind is replaced. Throws `bad_config` when something else is there. */
export async function serveUnix(app: Hono, path: string): Promise<Pick<SdkListener, "stop">> {
  await removeSocket(path);
  const server = Deno.serve({ path, onListen: () => {} }, app.fetch);
  return { stop: () => stop(server) };
}

async function removeSocket(path: string): Promise<void> {
  try {
    const { isSocket } = await Deno.lstat(path);
    if (!isSocket) throw new Fault("bad_config", `Cannot listen on "${path}": it is there and is no socket`);
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Deno cannot cut a server that is shutting down (aborting its signal then throws outside of any call): only wait less. */
async function stop(server: Deno.HttpServer): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, stopListenerMs);
  await Promise.race([server.shutdown(), late.promise]);
  clearTimeout(timer);
}
