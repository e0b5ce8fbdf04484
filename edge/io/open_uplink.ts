/**
 * All that links, behind one import: the uplink, its dialer, and with them the wire's schema, codec and compression. Only
 * the program imports this file, and not before frames are taken: loading it is as long as the rest of a start.
 */
import { quicDialer } from "#proto/io/quic.ts";
import { tlsDialer } from "#proto/io/tls.ts";
import { racingDialer } from "../uplink/racing_dialer.ts";
import { readTargets } from "../uplink/relay_targets.ts";
import { Uplink, type UplinkNeeds } from "../uplink/uplink.ts";

/** Relays of the configuration, and what their certificates must descend from, PEM. */
export interface RelayAddresses {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly roots: readonly string[];
}

/** Makes an uplink, over QUIC or else TCP, to the relays that the configuration names. */
export function openUplink(needs: UplinkNeeds, { addresses, roots }: RelayAddresses): Uplink {
  const dialers = { quic: quicDialer(), tcp: tlsDialer() };
  const dialer = racingDialer({ dialers, clock: needs.clock, network: presentNetwork });
  return new Uplink({ ...needs, dialer, targets: readTargets(addresses, roots) });
}

/** The addresses that the machine has now: those of another network differ. */
function presentNetwork(): string {
  const outward = Deno.networkInterfaces().filter(({ name }) => name !== "lo");
  return outward.map(({ name, cidr }) => `${name} ${cidr}`).sort().join(", ");
}
