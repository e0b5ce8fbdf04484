/**
 * All that links, behind one import: the uplink, its dialer, and with them the wire's schema, codec and compression. Only
 * the program imports this file, and not before frames are taken: loading it is as long as the rest of a start.
 */
import { quicDialer } from "#proto/io/quic.ts";
import { readTargets } from "../uplink/relay_targets.ts";
import { Uplink, type UplinkNeeds } from "../uplink/uplink.ts";

/** Relays of the configuration, and what their certificates must descend from, PEM. */
export interface RelayAddresses {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly roots: readonly string[];
}

/** Makes an uplink over QUIC to the relays that the configuration names. */
export function openUplink(needs: UplinkNeeds, { addresses, roots }: RelayAddresses): Uplink {
  return new Uplink({ ...needs, dialer: quicDialer(), targets: readTargets(addresses, roots) });
}
