/**
 * The link over TCP, for networks that drop UDP: Dialer and Listener of `proto/ports.ts` by TLS 1.3.
 * Source: protocol.md section 2.
 *
 * The server is node's: the runtime's own does not close a connection that is given up amid its handshake.
 */
import { createPublicKey, X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import type { Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { Fault } from "../errors.ts";
import { loginTimeoutMs } from "../limits.ts";
import type { Dialer, DialTarget, Link } from "../ports.ts";
import { alpn } from "../transcript.ts";
import { IncomingLinks } from "./incoming_links.ts";
import {
  addressesMax,
  type CertificatePair,
  handshakesMaxDefault,
  type ListenerOptions,
  type RenewableListener,
} from "./listener_options.ts";
import { TlsLink } from "./tls_link.ts";
import { unlessAborted } from "./unless_aborted.ts";

const tlsVersion = "TLSv1.3";

/** The vehicle's end. Nothing but `target.trust` is trusted, provided that `dropBuiltInRoots` was called. */
export function tlsDialer(): Dialer {
  return { dial };
}

/** Settings of {@link tlsListener}. */
export interface TlsListenerOptions extends ListenerOptions {
  /** A connection whose handshake takes longer is closed; `loginTimeoutMs` by default. */
  readonly handshakeMsMax?: number;
}

/** The relay's end. Rejects with `bad_config` when the address cannot be bound or certificate and key do not serve. */
export async function tlsListener(options: TlsListenerOptions): Promise<RenewableListener> {
  try {
    const server = createServer({
      ...contextOf(options),
      ALPNProtocols: [alpn],
    });
    const listener = new TlsListener(server, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ host: options.hostname ?? "::", port: options.port }, resolve);
    await promise;
    return listener;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot listen on TCP port ${options.port}: ${reason}`, { cause });
  }
}

/** The runtime looks at neither before a handshake needs them, and then fails it. */
function contextOf({ certPem, keyPem }: CertificatePair) {
  if (!createPublicKey(keyPem).equals(new X509Certificate(certPem).publicKey)) {
    throw new Fault("bad_config", "the certificate is for another key");
  }
  return { cert: certPem, key: keyPem, minVersion: tlsVersion, maxVersion: tlsVersion } as const;
}

async function dial(target: DialTarget, signal: AbortSignal): Promise<Link> {
  const discard = (late: Link) => late.close({ code: 0, reason: "" });
  const calling = new AbortController();
  try {
    signal.throwIfAborted();
    return await unlessAborted(dialInTurn(target, calling.signal), { signal, discard });
  } catch (cause) {
    calling.abort(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const where = `"${target.node}" at ${target.host}:${target.port}`;
    throw new Fault("link_dead", `Cannot dial ${where} over TCP: ${reason}`, { cause });
  }
}

async function dialInTurn(target: DialTarget, signal: AbortSignal): Promise<Link> {
  const addresses = await lookup(target.host, { all: true });
  let failure: unknown = new Fault("link_dead", `Cannot find address of "${target.host}": the name has none`);
  for (const { address } of addresses.slice(0, addressesMax)) {
    signal.throwIfAborted();
    try {
      return new TlsLink(await shakeHands(address, { target, signal }), "vehicle");
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

function shakeHands(
  address: string,
  { target, signal }: { target: DialTarget; signal: AbortSignal },
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({
    host: address,
    port: target.port,
    servername: target.node,
    ca: [...target.trust],
    ALPNProtocols: [alpn],
    minVersion: tlsVersion,
  });
  const abort = () => socket.destroy(new Error("called off"));
  signal.addEventListener("abort", abort, { once: true });
  socket.once("secureConnect", () => {
    if (socket.alpnProtocol === alpn) return resolve(socket);
    socket.destroy();
    reject(new Error("the peer speaks another protocol"));
  });
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("the peer ended the connection")));
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

/** Accepts connections and hands them out once their handshake is done. */
class TlsListener implements RenewableListener {
  readonly #server: Server;
  readonly #options: TlsListenerOptions;
  readonly #links = new IncomingLinks();
  /** Connections amid their handshake, by their peer, with the timer of each. */
  readonly #handshakes = new Map<string, { readonly socket: Socket; readonly late: ReturnType<typeof setTimeout> }>();

  constructor(server: Server, options: TlsListenerOptions) {
    this.#server = server;
    this.#options = options;
    server.prependListener("connection", (socket: Socket) => this.#handleConnection(socket));
    server.on("secureConnection", (socket) => this.#handleSecure(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : this.#options.port;
  }

  accept(): AsyncIterable<Link> {
    return this.#links.take();
  }

  renew(pair: CertificatePair): void {
    try {
      this.#server.setSecureContext(contextOf(pair));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault("bad_config", `Cannot serve with new certificate: ${reason}`, { cause });
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#links.stop();
    for (const { socket } of this.#handshakes.values()) socket.destroy();
    await this.#links.closeAll();
    await closed;
  }

  #handleConnection(socket: Socket): void {
    const most = this.#options.handshakesMax ?? handshakesMaxDefault;
    if (this.#handshakes.size + this.#links.waiting >= most) return this.#refuse(socket, "too many handshakes at once");
    if (this.#options.mayShakeHands?.() === false) return this.#refuse(socket, "too many handshakes");
    const peer = nameOf(socket);
    // The server's own `handshakeTimeout` does not see a peer that says nothing at all.
    const late = setTimeout(() => socket.destroy(), this.#options.handshakeMsMax ?? loginTimeoutMs);
    this.#handshakes.set(peer, { socket, late });
    socket.once("close", () => {
      if (this.#finishHandshake(peer)) this.#options.handleFailedHandshake?.("broken off");
    });
  }

  /** False when it was finished before. */
  #finishHandshake(peer: string): boolean {
    clearTimeout(this.#handshakes.get(peer)?.late);
    return this.#handshakes.delete(peer);
  }

  #refuse(socket: Socket, reason: string): void {
    socket.destroy();
    this.#options.handleFailedHandshake?.(reason);
  }

  #handleSecure(socket: TLSSocket): void {
    this.#finishHandshake(nameOf(socket));
    if (socket.alpnProtocol === alpn && !this.#links.isClosed) return this.#links.add(new TlsLink(socket, "relay"));
    socket.destroy();
    this.#options.handleFailedHandshake?.("another protocol");
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
