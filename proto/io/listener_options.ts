/** What listeners and dialers have in common, whatever they run on. */
import type { Listener } from "../ports.ts";

/** Addresses of one name that are tried in turn. */
export const addressesMax = 4;
/** More handshakes than that at once overrun a kernel's default buffers anyway. */
export const handshakesMaxDefault = 512;

/** A certificate with its key. */
export interface CertificatePair {
  /** TLS certificate chain, PEM, leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
}

/** Settings of a listener. */
export interface ListenerOptions extends CertificatePair {
  /** Address to bind; "::" (all, IPv4 too) by default. */
  readonly hostname?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Handshakes under way at most; further attempts are refused. */
  readonly handshakesMax?: number;
  /** Whether an attempt is worth its handshake: when not it is refused, which costs nothing. Without it, each is. */
  readonly mayShakeHands?: () => boolean;
  /** Told why an attempt came to nothing, for counters. */
  readonly handleFailedHandshake?: (reason: string) => void;
}

/** A listener whose certificate can be replaced. */
export interface RenewableListener extends Listener {
  /**
   * Handshakes that begin from now on are shown this certificate; links that are open go on. Throws `bad_config` when
   * certificate and key do not serve: then nothing has changed.
   */
  renew(pair: CertificatePair): void;
}
