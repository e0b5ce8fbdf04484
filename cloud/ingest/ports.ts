/** What ingest needs of the world. */
import type { RelayName } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { ShapeHash } from "#proto/shape.ts";
import type { OwnerNotice, VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Store } from "../lib/store/store.ts";

/** What an owner is given. */
export interface IngestPorts {
  readonly store: Store;
  readonly shapes: ShapeSource;
  readonly verdicts: VerdictSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** The bucket of shape definitions. */
export interface ShapeSource {
  /** Canonical definition, or undefined when the bucket has none; rejects with `log_failed`. */
  find(hash: ShapeHash): Promise<Uint8Array | undefined>;
}

/** Where verdicts go. Delivery is not certain; places and owners are told again and again for that reason. */
export interface VerdictSink {
  publish(to: { relay: RelayName; shard: number }, notice: VerdictNotice): void;
  /** Tells every shard of every relay. */
  announce(notice: OwnerNotice): void;
}
