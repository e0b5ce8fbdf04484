/** Where a shard takes links: over UDP, and over TCP at the same port for networks that drop UDP. */
import type { CertificatePair, ListenerOptions, RenewableListener } from "#proto/io/listener_options.ts";
import { quicListener } from "#proto/io/quic.ts";
import { tlsListener } from "#proto/io/tls.ts";
import type { RelayConfig } from "../config.ts";

/** What the listeners of a shard share. */
export type SharedOptions = Omit<ListenerOptions, "hostname" | "port">;

/** The listeners that the configuration names. Rejects with `bad_config` when one of them cannot listen. */
export async function openListeners(
  { listen, listen_tcp: listenTcp }: Pick<RelayConfig, "listen" | "listen_tcp">,
  options: SharedOptions,
): Promise<readonly [RenewableListener, ...RenewableListener[]]> {
  const quic = quicListener({ ...options, hostname: listen.host, port: listen.port });
  if (listenTcp === "off") return [quic];
  const { host, port } = listenTcp ?? { host: listen.host, port: quic.port };
  return [quic, await tlsListener({ ...options, hostname: host, port })];
}

/** Has all of them serve another certificate. Throws `bad_config` when it does not serve: then nothing has changed. */
export function renewAll(listeners: readonly RenewableListener[], pair: CertificatePair): void {
  // The first refuses what any would.
  for (const listener of listeners) listener.renew(pair);
}
