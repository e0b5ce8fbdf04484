/**
 * A guard at the byte level in front of an HTTP server: Deno.serve waits for a head for ever, and for any number of
 * peers. The guard takes connections itself, reads the first head within a time and a size, and hands the bytes to the
 * server over a Unix socket; then it watches who is silent for how long. Connections are bounded in all and per address.
 */
import { addressOf } from "../base/address.ts";
import { type ConnectionTimes, ConnectionWatch, type Overdue } from "../base/connection_watch.ts";
import { type HeadStanding, HttpHead } from "../base/http_head.ts";
import { Fault } from "../errors.ts";
import * as limits from "../limits.ts";

/** Where to listen, and within which bounds. */
export interface GuardOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where guard and server meet; see {@link guardSocket}. */
  readonly socket: string;
  /** Where a server of HTTP/2 listens; without it nobody speaks that here. */
  readonly http2Socket?: string | undefined;
  readonly times?: ConnectionTimes;
  readonly connectionsMax?: number;
  readonly connectionsPerAddressMax?: number;
}

/** A server behind its guard. */
export interface GuardedServer {
  readonly port: number;
  /** Lets nobody in any more, and lets answers that are under way end. */
  shutdown(): Promise<void>;
}

/** A path for the socket of the service that listens on that port. */
export function guardSocket(service: string, port: number): string {
  return `/tmp/systemscale-${service}-${port === 0 ? crypto.randomUUID() : port}.sock`;
}

/** Serves behind a guard; throws `bad_config` when the address or the socket cannot be bound. */
export function serveGuarded(
  options: GuardOptions,
  handler: (request: Request) => Response | Promise<Response>,
): GuardedServer {
  try {
    removeStale(options.socket);
    const listener = Deno.listen({ hostname: options.hostname, port: options.port });
    const server = Deno.serve({ path: options.socket, onListen: () => {} }, handler);
    const guard = new Guard(listener, options);
    void guard.run();
    return {
      port: listener.addr.port,
      shutdown: async () => {
        guard.stopListening();
        await server.shutdown();
        await guard.stop();
      },
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot serve HTTP on ${options.hostname}:${options.port}: ${reason}`, { cause });
  }
}

/** What stands at the socket's path is of a process that is gone: the port itself can be bound once only. */
export function removeStale(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

const defaultTimes: ConnectionTimes = {
  headMs: limits.httpHeadTimeoutMs,
  answerMs: limits.httpAnswerTimeoutMs,
  idleMs: limits.httpIdleTimeoutMs,
};

const statusOf: Readonly<Record<string, string>> = {
  head: "408 Request Timeout",
  answer: "408 Request Timeout",
  malformed: "400 Bad Request",
  too_large: "431 Request Header Fields Too Large",
  full: "503 Service Unavailable",
};

/** One connection, and what it is connected to once its head is whole. */
interface Guarded {
  readonly client: Deno.TcpConn;
  readonly watch: ConnectionWatch;
  server: Deno.UnixConn | undefined;
}

class Guard {
  readonly #listener: Deno.TcpListener;
  readonly #options: GuardOptions;
  readonly #connections = new Set<Guarded>();
  readonly #perAddress = new Map<string, number>();
  readonly #handled = new Set<Promise<void>>();
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(listener: Deno.TcpListener, options: GuardOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), limits.httpSweepIntervalMs);
  }

  async run(): Promise<void> {
    for (;;) {
      try {
        const handled = this.#handle(await this.#listener.accept()).finally(() => this.#handled.delete(handled));
        this.#handled.add(handled);
      } catch (thrown) {
        if (thrown instanceof Deno.errors.BadResource || thrown instanceof Deno.errors.Interrupted) return;
        // No file is free for another connection: those that are open come first.
        await new Promise((resolve) => setTimeout(resolve, limits.httpSweepIntervalMs));
      }
    }
  }

  stopListening(): void {
    this.#listener.close();
  }

  /** Once the server has ended: what it said last is still carried, for a moment. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const connection of this.#connections) if (connection.server === undefined) close(connection);
    await atMost(limits.httpRefusalMs, Promise.all(this.#handled));
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#handled);
  }

  async #handle(client: Deno.TcpConn): Promise<void> {
    const address = addressOf(`${client.remoteAddr.hostname}:0`);
    const sameAddress = this.#perAddress.get(address) ?? 0;
    const { connectionsMax = limits.httpConnectionsMax } = this.#options;
    const { connectionsPerAddressMax = limits.httpConnectionsPerAddressMax } = this.#options;
    if (this.#connections.size >= connectionsMax || sameAddress >= connectionsPerAddressMax) {
      return await refuse(client, "full");
    }
    const watch = new ConnectionWatch(this.#options.times ?? defaultTimes, performance.now());
    const connection: Guarded = { client, watch, server: undefined };
    this.#connections.add(connection);
    this.#perAddress.set(address, sameAddress + 1);
    try {
      await this.#serve(connection);
    } catch {
      // Either end broke off, or the guard did: nobody is left to be told.
    } finally {
      close(connection);
      this.#connections.delete(connection);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    }
  }

  async #serve(connection: Guarded): Promise<void> {
    const { client, watch } = connection;
    const head = new HttpHead();
    const buffer = new Uint8Array(limits.httpPieceBytes);
    let standing: HeadStanding = "more";
    while (standing === "more") {
      const count = await client.read(buffer);
      if (count === null) return;
      standing = head.push(buffer.subarray(0, count));
    }
    const path = this.#socketFor(standing);
    if (path === undefined) return await refuse(client, standing === "http2" ? "malformed" : standing);
    // Many answers go over one connection of HTTP/2 at once: its own server sees to them.
    watch.handleHead({ asksForUpgrade: standing === "http2" || head.asksForUpgrade }, performance.now());
    const server = await Deno.connect({ transport: "unix", path });
    connection.server = server;
    await writeAll(server, head.bytes);
    await Promise.all([
      pump(client, server, { handleRead: () => watch.handleClient(performance.now()) }),
      pump(server, client, {
        handleRead: () => watch.handleServer(performance.now()),
        handleWritten: () => watch.handleWritten(performance.now()),
        // A server that has ended the connection takes no more requests on it.
        handleEnd: () => close(connection),
      }),
    ]);
  }

  /** Undefined: for what began like that there is no server. */
  #socketFor(standing: HeadStanding): string | undefined {
    if (standing === "http2") return this.#options.http2Socket;
    return standing === "whole" ? this.#options.socket : undefined;
  }

  #sweep(): void {
    for (const connection of this.#connections) {
      const overdue = connection.watch.poll(performance.now());
      if (overdue !== undefined) void end(connection, overdue);
    }
  }
}

interface PumpEvents {
  handleRead(): void;
  handleWritten?(): void;
  handleEnd?(): void;
}

/** Carries bytes until there are no more, then ends the other side's. */
async function pump(from: Deno.Conn, to: Deno.Conn, events: PumpEvents): Promise<void> {
  const buffer = new Uint8Array(limits.httpPieceBytes);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    events.handleRead();
    await writeAll(to, buffer.subarray(0, count));
    events.handleWritten?.();
  }
  await to.closeWrite();
  events.handleEnd?.();
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await to.write(bytes.subarray(at));
}

/** Ends what is overdue; who has not had an answer yet is told why. */
async function end(connection: Guarded, overdue: Overdue): Promise<void> {
  if (overdue === "head" || overdue === "answer") await refuse(connection.client, overdue);
  close(connection);
}

/** Says why, as far as the peer takes it at once, and closes. */
async function refuse(client: Deno.TcpConn, why: string): Promise<void> {
  const status = statusOf[why];
  const answer = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
  await atMost(limits.httpRefusalMs, client.write(new TextEncoder().encode(answer)).catch(() => undefined));
  closeQuietly(client);
}

async function atMost(waitMs: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, waitMs);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}

function close({ client, server }: Guarded): void {
  closeQuietly(client);
  if (server !== undefined) closeQuietly(server);
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (thrown) {
    // Closed already.
    if (!(thrown instanceof Deno.errors.BadResource)) throw thrown;
  }
}
