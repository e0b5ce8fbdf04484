/** The link over QUIC: Dialer and Listener of `proto/ports.ts` by `Deno.QuicEndpoint`. Source: protocol.md section 2. */
import type { Dialer, Listener } from "../ports.ts";

/** Settings of {@link quicDialer}. */
export interface QuicDialerOptions {
  /** Close code `network` after so long a silence; `linkDeadMs` by default. */
  readonly idleMsMax?: number;
  /** Between packets that keep an idle link open; `heartbeatIntervalMs` by default. */
  readonly keepAliveMs?: number;
}

/** The vehicle's end. Nothing but `target.trust` is trusted, provided that {@link dropBuiltInRoots} was called. */
export function quicDialer(_options: QuicDialerOptions = {}): Dialer {
  throw new Error("to be written");
}

/** Settings of {@link quicListener}. */
export interface QuicListenerOptions {
  /** Address to bind; "::" (all, IPv4 too) by default. */
  readonly hostname?: string;
  /** UDP port; 0 takes a free one. */
  readonly port: number;
  /** TLS certificate chain, PEM, leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
  /** A silent link ends after so long, one in its handshake too; `linkDeadMs` by default. */
  readonly idleMsMax?: number;
  /** Handshakes under way at most; further attempts are refused. */
  readonly handshakesMax?: number;
}

/** The relay's end. Throws `bad_config` when the address cannot be bound or certificate and key do not serve. */
export function quicListener(_options: QuicListenerOptions): Listener {
  throw new Error("to be written");
}
