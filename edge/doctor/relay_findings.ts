/** Judges the way to the relays: name, network, TLS, and what is said to our Hello. Pure. */
import { Fault } from "#proto/errors.ts";
import type { QuicEvidence, RelayEvidence } from "./evidence.ts";
import { type Cause, type Check, type Finding, good } from "./finding.ts";
import { adviceOnRefusal } from "./refusal_advice.ts";
import { type TlsFailure, tlsFailureOf } from "./tls_failure.ts";

/** Findings of all relays. Where one can be used, what is wrong with others is a warning. */
export function relayFindings(relays: readonly RelayEvidence[]): Finding[] {
  const isServed = relays.some(({ quic }) => quic?.kind === "challenged");
  return relays.map(findingOf).map((one) => isServed && one.state === "bad" ? { ...one, state: "warning" } : one);
}

/** How far one relay was reached: what is good before that needs no line of its own. */
function findingOf(relay: RelayEvidence): Finding {
  const { host, addresses, quic } = relay;
  if (addresses instanceof Fault) {
    return bad("name", "name_unknown", {
      says: `Cannot find "${host}": ${addresses.message}`,
      advice: "See the machine's name server (resolvectl, /etc/resolv.conf), and the name in relay.addresses.",
    });
  }
  if (quic === undefined) return good("network", `${nameOf(relay)} was not tried`);
  return quicFinding(relay, quic);
}

function quicFinding(relay: RelayEvidence, quic: QuicEvidence): Finding {
  const name = nameOf(relay);
  switch (quic.kind) {
    case "silent":
      return silentFinding(relay, quic.afterMs);
    case "failed":
      return failedFinding(relay, quic.reason);
    case "mute":
      return bad("login", "relay_silent", {
        says: `${name} speaks TLS and said nothing to our Hello within ${seconds(quic.afterMs)}`,
        advice: "The relay is overloaded or stands still: see its /readyz and its log.",
      });
    case "strange":
      return bad("login", "relay_silent", { says: `${name} does not speak as a relay: ${quic.detail}` });
    case "refused":
      return {
        ...bad("login", "relay_refuses", {
          says: `${name} refuses this vehicle: ${quic.code}, ${quic.detail}`,
          advice: adviceOnRefusal(quic.code) ?? "The relay's /refusals and its log tell more.",
        }),
        code: quic.code,
      };
    case "redirected":
      return good("login", `${name} sends this vehicle to ${quic.node}:${quic.port}`);
    case "challenged":
      return good("login", `${name} takes the certificate, ${Math.round(quic.tookMs)} ms after the first packet`);
  }
}

function silentFinding(relay: RelayEvidence, afterMs: number): Finding {
  const name = nameOf(relay);
  if (relay.tcp === "open") {
    return bad("network", "udp_blocked", {
      says: `${name} is reached over TCP and not over UDP: nothing came back within ${seconds(afterMs)}`,
      advice: "A firewall on the way drops UDP: let UDP to that port through, both ways.",
    });
  }
  const heard = relay.tcp === "refused" ? "the machine is there, and nobody answers on UDP" : "nothing comes back";
  return bad("network", "relay_unreachable", {
    says: `${name} does not answer: ${heard} within ${seconds(afterMs)}`,
    advice: relay.tcp === "refused"
      ? "See whether the relay runs, and whether a firewall drops UDP to that port."
      : "See whether this machine is online, and the address and port in relay.addresses.",
  });
}

const tlsSays: Readonly<Record<TlsFailure, { says: string; advice: string }>> = {
  relay_name_mismatch: {
    says: "shows a certificate for another name",
    advice: "relay.addresses must use the name that stands in the relay's certificate.",
  },
  relay_issuer_unknown: {
    says: "shows a certificate of an issuer that is not among `roots`",
    advice: "Put the relay issuer's certificate into `roots`; or something on the way speaks in the relay's place.",
  },
  relay_certificate_expired: {
    says: "shows a certificate that has ended",
    advice: "The relay's certificate must be renewed; or this machine's clock is ahead.",
  },
  relay_certificate_not_yet_valid: {
    says: "shows a certificate that holds later only",
    advice: "This machine's clock may be behind; or the relay's certificate was issued for later.",
  },
  relay_not_ours: {
    says: "does not shake hands as a relay",
    advice: "See which program answers on that UDP port.",
  },
  network_down: {
    says: "cannot be sent to",
    advice: "See whether this machine has a route and may send UDP (ip route, nft list ruleset).",
  },
};

function failedFinding(relay: RelayEvidence, reason: string): Finding {
  const failure = tlsFailureOf(reason);
  const { says, advice } = tlsSays[failure];
  const check: Check = failure === "network_down" ? "network" : "relay_certificate";
  return bad(check, failure, { says: `${nameOf(relay)} ${says}: ${reason}`, advice });
}

function bad(check: Check, cause: Cause, words: { says: string; advice?: string }): Finding {
  return { check, state: "bad", cause, ...words };
}

function nameOf({ host, port }: RelayEvidence): string {
  return `Relay ${host}:${port}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
