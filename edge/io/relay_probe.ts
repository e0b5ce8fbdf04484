/** Tries the way to one relay for the doctor: name, TCP, QUIC with TLS, Hello. Never rejects; takes 9 s at most. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { asFault, Fault } from "#proto/errors.ts";
import { quicDialer } from "#proto/io/quic.ts";
import type { Clock, DialTarget, Random } from "#proto/ports.ts";
import { within } from "#proto/within.ts";
import type { QuicEvidence, RelayEvidence } from "../doctor/evidence.ts";
import { greet } from "../doctor/greet.ts";
import { doctorDialMs, doctorLookupMs, doctorTcpMs } from "../limits.ts";
import type { Identity } from "../uplink/connect.ts";

/** What {@link probeRelay} works with. */
export interface ProbeParts {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
}

/** Follows one redirect as well: each node is evidence of its own. */
export async function probeRelay(target: DialTarget, parts: ProbeParts): Promise<RelayEvidence[]> {
  const first = await probeNode(target, parts);
  if (first.quic?.kind !== "redirected") return [first];
  const { node, port } = first.quic;
  return [first, await probeNode({ ...target, host: node, node, port }, parts)];
}

async function probeNode(target: DialTarget, parts: ProbeParts): Promise<RelayEvidence> {
  const { host, port } = target;
  const addresses = await lookUp(host, parts.clock);
  if (addresses instanceof Fault) return { host, port, addresses, tcp: undefined, quic: undefined };
  const [tcp, quic] = await Promise.all([tryTcp(addresses[0], port), tryQuic(target, parts)]);
  return { host, port, addresses, tcp, quic };
}

async function lookUp(host: string, clock: Clock): Promise<readonly string[] | Fault> {
  const fault = () => new Fault("link_dead", `the name server did not answer in ${doctorLookupMs} ms`);
  try {
    const found = await within(lookup(host, { all: true }), { clock, limitMs: doctorLookupMs, fault });
    return found.length > 0 ? found.map(({ address }) => address) : new Fault("link_dead", "the name has no address");
  } catch (thrown) {
    return asFault(thrown, "link_dead");
  }
}

function tryTcp(host: string, port: number): Promise<RelayEvidence["tcp"]> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: doctorTcpMs });
    const end = (what: RelayEvidence["tcp"]) => {
      socket.destroy();
      resolve(what);
    };
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    socket.once(
      "error",
      (error: Error & { code?: string }) => end(error.code === "ECONNREFUSED" ? "refused" : "silent"),
    );
  });
}

async function tryQuic(target: DialTarget, parts: ProbeParts): Promise<QuicEvidence> {
  const timer = AbortSignal.timeout(doctorDialMs);
  try {
    const link = await quicDialer({ idleMsMax: doctorDialMs }).dial(target, timer);
    return await greet(link, { ...parts, node: target.node });
  } catch (thrown) {
    if (timer.aborted) return { kind: "silent", afterMs: doctorDialMs };
    const { cause, message } = asFault(thrown, "link_dead");
    return { kind: "failed", reason: cause instanceof Error ? cause.message : message };
  }
}
