/** What ingest needs of the world. */
import type { CertificateCheck } from "#proto/base/certificate.ts";
import type { RelayName, VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { ShapeHash } from "#proto/shape.ts";
import type { OwnerNotice, VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Store } from "../lib/store/store.ts";

/** What an owner is given. */
export interface IngestPorts {
  readonly store: Store;
  readonly shapes: ShapeSource;
  readonly verdicts: VerdictSink;
  /** Without it every relay is believed whatever it brings. */
  readonly proofs: ProofCheck | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The bucket of shape definitions. */
export interface ShapeSource {
  /** Canonical definition, or undefined when the bucket has none; rejects with `log_failed`. */
  find(hash: ShapeHash): Promise<Uint8Array | undefined>;
}

/** Where proofs of sessions are kept, and whose certificates count. */
export interface ProofCheck {
  /** An encoded SessionProof, or undefined when there is none; rejects with `log_failed`. `session` in hex. */
  readonly find: (of: { vehicle: VehicleId; session: string }) => Promise<Uint8Array | undefined>;
  readonly checkChain: CertificateCheck;
}

/** Where verdicts go. Delivery is not certain; places and owners are told again and again for that reason. */
export interface VerdictSink {
  publish(to: { relay: RelayName; shard: number }, notice: VerdictNotice): void;
  /** Tells every shard of every relay. */
  announce(notice: OwnerNotice): void;
}
