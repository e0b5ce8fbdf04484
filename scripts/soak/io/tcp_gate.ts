/** TCP proxies that can fall silent, as a network does that is cut: nothing is refused, nothing is closed, nothing moves. */
import { pieceBytes } from "../limits.ts";

/** One proxy. */
export interface TcpGate {
  readonly port: number;
  /** From now on nothing passes, in neither direction. */
  cut(): void;
  /** What has waited goes on. */
  heal(): void;
  close(): Promise<void>;
}

/** Listens on a port of loopback and passes everything on to another one. */
export function startTcpGate({ port, targetPort }: { port: number; targetPort: number }): TcpGate {
  return new Gate(Deno.listen({ hostname: "127.0.0.1", port }), targetPort);
}

class Gate implements TcpGate {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;
  /** Settles when something may pass again. */
  #passing = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(listener: Deno.TcpListener, targetPort: number) {
    this.port = listener.addr.port;
    this.#listener = listener;
    this.#passing.resolve();
    this.#accepting = this.#accept(targetPort);
  }

  cut(): void {
    this.#passing = Promise.withResolvers<void>();
  }

  heal(): void {
    this.#passing.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.heal();
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    this.#open.clear();
    await this.#accepting;
  }

  async #accept(port: number): Promise<void> {
    const links: Promise<void>[] = [];
    for await (const inside of this.#listener) links.push(this.#carry(inside, port));
    await Promise.all(links);
  }

  async #carry(inside: Deno.TcpConn, port: number): Promise<void> {
    this.#open.add(inside);
    try {
      await this.#passing.promise;
      const outside = await Deno.connect({ hostname: "127.0.0.1", port });
      if (this.#isClosed) return outside.close();
      this.#open.add(outside);
      await Promise.race([this.#pump(inside, outside), this.#pump(outside, inside)]);
      this.#end(outside);
    } catch (error) {
      // Nobody listens there, or one of the two ends broke: so does the other.
      if (!isBroken(error)) throw error;
    } finally {
      this.#end(inside);
    }
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(pieceBytes);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        await this.#passing.promise;
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
      }
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
  }

  #end(connection: Deno.TcpConn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}

function isBroken(error: unknown): boolean {
  const { BadResource, Interrupted, ConnectionReset, ConnectionRefused, BrokenPipe, ConnectionAborted, NotConnected } =
    Deno.errors;
  return [BadResource, Interrupted, ConnectionReset, ConnectionRefused, BrokenPipe, ConnectionAborted, NotConnected]
    .some((kind) => error instanceof kind);
}
