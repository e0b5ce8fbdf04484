/** What the doctor judges by: collected in io/doctor.ts, plain data from there on. */
import type { Code, Fault } from "#proto/errors.ts";
import type { PassedMoments } from "../clock_floor.ts";
import type { AgentConfig } from "../config.ts";
import type { LeafFacts } from "#proto/base/certificate.ts";

/** All that is known of this machine and of its way to the relays. */
export interface Evidence {
  /** Path of the configuration. */
  readonly file: string;
  /** As parsed, or why it cannot be; nothing else is known then. */
  readonly config: Readonly<AgentConfig> | Fault;
  /** Undefined without a configuration. */
  readonly machine?: MachineEvidence;
}

/** What this machine tells. */
export interface MachineEvidence {
  /** The vehicle's certificate, or why it and the key do not serve. */
  readonly leaf: LeafFacts | Fault;
  readonly clock: ClockEvidence;
  readonly disk: DiskEvidence;
  /** What a running agent says of itself; undefined when none answers. */
  readonly agent: AgentView | undefined;
  readonly relays: readonly RelayEvidence[];
}

/** The machine's clock. */
export interface ClockEvidence {
  readonly wallNs: bigint;
  readonly passed: PassedMoments;
  /** Whether the kernel holds it for right. */
  readonly synchronized: boolean;
}

/** The ring's directory and the disk below it. */
export interface DiskEvidence {
  readonly path: string;
  /** Why a small file cannot be written there. */
  readonly fault: Fault | undefined;
  /** What a process may still write; undefined when nobody knows. */
  readonly freeBytes: number | undefined;
  /** Of the ring's files. */
  readonly ringBytes: number;
  /** Whether a process holds the directory. */
  readonly isHeld: boolean;
}

/** The part of `GET /v1/status` that matters here. */
export interface AgentView {
  readonly link: string;
  readonly linkReason: Code | undefined;
  readonly linkDetail: string;
  readonly relayReady: boolean | undefined;
  /** 0 to 1: what cannot be given back without a loss. */
  readonly ringFill: number;
  readonly ringFault: string | undefined;
  readonly backlogRecords: number;
}

/** One relay of the configuration, or one that a relay redirected to. */
export interface RelayEvidence {
  readonly host: string;
  readonly port: number;
  /** What the name stands for, or why nothing was found. */
  readonly addresses: readonly string[] | Fault;
  /** What came of a connection over TCP to the same port; undefined where none was tried. */
  readonly tcp: "open" | "refused" | "silent" | undefined;
  /** What came of a link over QUIC; undefined where none was tried. */
  readonly quic: QuicEvidence | undefined;
}

/** How far a link got. No login is finished: it would end the session of an agent that runs. */
export type QuicEvidence =
  /** Nobody answered within `afterMs`. */
  | { readonly kind: "silent"; readonly afterMs: number }
  /** The handshake failed, in the runtime's words. */
  | { readonly kind: "failed"; readonly reason: string }
  /** TLS is well, and then nothing was said to our Hello within `afterMs`. */
  | { readonly kind: "mute"; readonly afterMs: number }
  /** Something was said that is no word of a relay. */
  | { readonly kind: "strange"; readonly detail: string }
  | { readonly kind: "refused"; readonly code: Code; readonly detail: string }
  | { readonly kind: "redirected"; readonly node: string; readonly port: number }
  /** The relay took our certificate and asked for the proof. */
  | { readonly kind: "challenged"; readonly relayTimeNs: bigint; readonly tookMs: number };
