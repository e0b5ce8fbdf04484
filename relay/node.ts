/** What the parts of one shard share: who the node is, its ports, and its state. Made once, at the composition root. */
import type { CertificateCheck } from "#proto/base/certificate.ts";
import type { RelayName } from "#proto/ids.ts";
import type { Clock, Log, Random } from "#proto/ports.ts";
import type { NodeIdentity } from "#proto/session_proof.ts";
import type { Counters } from "./counters.ts";
import type { NodeBoard } from "./node_board.ts";
import type { Backbone } from "./ports.ts";
import type { Readiness } from "./readiness.ts";
import type { Revocation } from "./revocation.ts";
import type { ShapeShelf } from "./shape_shelf.ts";
import type { Speakers } from "./speakers.ts";
import type { TelemetryPath } from "./telemetry_path.ts";

/** One shard of a relay node. */
export interface Node {
  /** Name in NATS subjects. */
  readonly relay: RelayName;
  readonly shard: number;
  /** Name that vehicles dial and the TLS certificate carries. */
  readonly node: string;
  /** The certificate that handshakes are shown at present, with its key. */
  readonly identity: () => NodeIdentity;
  readonly checkChain: CertificateCheck;
  readonly revocation: Revocation;

  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backbone: Backbone;

  readonly readiness: Readiness;
  readonly shelf: ShapeShelf;
  readonly path: TelemetryPath;
  readonly speakers: Speakers;
  readonly counters: Counters;
  /** Whether this node is a shared name: then it sends every vehicle to another and logs nobody in. */
  readonly isSharedName: boolean;
  /** Port that vehicles dial. */
  readonly port: number;
  /** All nodes that take vehicles. */
  readonly board: NodeBoard;
  /** Fires when the node begins to leave: no more logins, and vehicles are sent to other nodes, while all else goes on. */
  readonly leaving: AbortSignal;
  /** Fires when it drains: no more reading. */
  readonly draining: AbortSignal;
}
