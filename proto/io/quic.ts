/** The link over QUIC: Dialer and Listener of `proto/ports.ts` by `Deno.QuicEndpoint`. Source: protocol.md section 2. */
import { lookup } from "node:dns/promises";
import { Fault } from "../errors.ts";
import { heartbeatIntervalMs, linkDeadMs } from "../limits.ts";
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
import { acceptLanes, openLanes, streamsPerKind } from "./quic_lanes.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** Settings of {@link quicDialer}. */
export interface QuicDialerOptions {
  /** A silent link ends after so long, one in its handshake too; `linkDeadMs` by default. */
  readonly idleMsMax?: number;
  /** Between packets that keep an idle link open; `heartbeatIntervalMs` by default. */
  readonly keepAliveMs?: number;
}

/** After so many failures in a row a new socket is taken: the kernel may hold something against the old one. */
const failuresPerSocketMax = 5;

/** The vehicle's end. Nothing but `target.trust` is trusted, provided that `dropBuiltInRoots` was called. */
export function quicDialer(options: QuicDialerOptions = {}): Dialer {
  return new QuicDialer(options);
}

/** Settings of {@link quicListener}. */
export interface QuicListenerOptions extends ListenerOptions {
  /** A silent link ends after so long, one in its handshake too; `linkDeadMs` by default. */
  readonly idleMsMax?: number;
}

/** The relay's end. Throws `bad_config` when the address cannot be bound or certificate and key do not serve. */
export function quicListener(options: QuicListenerOptions): RenewableListener {
  try {
    const endpoint = new Deno.QuicEndpoint({ hostname: options.hostname ?? "::", port: options.port });
    return new QuicListener(listenOn(endpoint, options), options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot listen on UDP port ${options.port}: ${reason}`, { cause });
  }
}

function listenOn(endpoint: Deno.QuicEndpoint, options: QuicListenerOptions): Deno.QuicListener {
  return endpoint.listen({
    cert: options.certPem,
    key: options.keyPem,
    alpnProtocols: [alpn],
    maxIdleTimeout: options.idleMsMax ?? linkDeadMs,
    // A stranger's streams pin memory, so there are exactly as many as there are lanes.
    maxConcurrentBidirectionalStreams: streamsPerKind,
    maxConcurrentUnidirectionalStreams: streamsPerKind,
  });
}

/** Dials from one socket for all links. */
class QuicDialer implements Dialer {
  readonly #options: QuicDialerOptions;
  #endpoint: Deno.QuicEndpoint | undefined;
  #failures = 0;

  constructor(options: QuicDialerOptions) {
    this.#options = options;
  }

  async dial(target: DialTarget, signal: AbortSignal): Promise<Link> {
    try {
      const link = await unlessAborted(this.#dial(target, signal), {
        signal,
        discard: (late) => late.close({ code: 0, reason: "" }),
      });
      this.#failures = 0;
      return link;
    } catch (cause) {
      this.#failures++;
      if (this.#failures % failuresPerSocketMax === 0) this.#endpoint = undefined;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const where = `"${target.node}" at ${target.host}:${target.port}`;
      throw new Fault("link_dead", `Cannot dial ${where}: ${reason}`, { cause });
    }
  }

  async #dial(target: DialTarget, signal: AbortSignal): Promise<Link> {
    // By name, the runtime would look it up while everything else on this thread waits.
    const addresses = await lookup(target.host, { all: true });
    let failure: unknown = new Fault("link_dead", `Cannot find address of "${target.host}": the name has none`);
    for (const { address } of addresses.slice(0, addressesMax)) {
      signal.throwIfAborted();
      try {
        return await openLanes(await this.#connect(address, target));
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw failure;
  }

  #connect(address: string, target: DialTarget): Promise<Deno.QuicConn> {
    this.#endpoint ??= clientEndpoint();
    return Deno.connectQuic<false>({
      endpoint: this.#endpoint,
      hostname: address,
      port: target.port,
      serverName: target.node,
      caCerts: [...target.trust],
      alpnProtocols: [alpn],
      keepAliveInterval: this.#options.keepAliveMs ?? heartbeatIntervalMs,
      maxIdleTimeout: this.#options.idleMsMax ?? linkDeadMs,
      // A relay opens no streams.
      maxConcurrentBidirectionalStreams: 0,
      maxConcurrentUnidirectionalStreams: 0,
    });
  }
}

/** Accepts connections and hands them out once their handshake is done. */
class QuicListener implements RenewableListener {
  readonly port: number;
  readonly #listener: Deno.QuicListener;
  /** One for each renewal. The runtime ends listening altogether when it collects any of them. */
  readonly #renewed: Deno.QuicListener[] = [];
  readonly #options: QuicListenerOptions;
  readonly #links = new IncomingLinks();
  #handshakes = 0;

  constructor(listener: Deno.QuicListener, options: QuicListenerOptions) {
    this.port = listener.endpoint.addr.port;
    this.#listener = listener;
    this.#options = options;
  }

  async *accept(): AsyncIterable<Link> {
    const taking = this.#takeAttempts();
    yield* this.#links.take();
    await taking;
  }

  renew(pair: CertificatePair): void {
    try {
      // To listen again gives the endpoint another configuration, and nothing else: attempts still come to whoever listened
      // first.
      this.#renewed.push(listenOn(this.#listener.endpoint, { ...this.#options, ...pair }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault("bad_config", `Cannot serve with new certificate: ${reason}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#listener.stop();
    this.#links.stop();
    await this.#links.closeAll();
    this.#listener.endpoint.close({ closeCode: 0, reason: "" });
  }

  async #takeAttempts(): Promise<void> {
    const most = this.#options.handshakesMax ?? handshakesMaxDefault;
    for await (const incoming of this.#listener) {
      if (this.#handshakes + this.#links.waiting >= most) this.#refuse(incoming, "too many handshakes at once");
      else if (this.#options.mayShakeHands?.() === false) this.#refuse(incoming, "too many handshakes");
      else void this.#shakeHands(incoming);
    }
    this.#links.stop();
  }

  #refuse(incoming: Deno.QuicIncoming, reason: string): void {
    incoming.refuse();
    this.#options.handleFailedHandshake?.(reason);
  }

  async #shakeHands(incoming: Deno.QuicIncoming): Promise<void> {
    this.#handshakes++;
    try {
      this.#links.add(acceptLanes(await incoming.accept<false>()));
    } catch (thrown) {
      this.#options.handleFailedHandshake?.(thrown instanceof Error ? thrown.message : String(thrown));
    }
    this.#handshakes--;
  }
}

function clientEndpoint(): Deno.QuicEndpoint {
  try {
    return new Deno.QuicEndpoint({ hostname: "::" });
  } catch {
    // A kernel without IPv6.
    return new Deno.QuicEndpoint({ hostname: "0.0.0.0" });
  }
}
