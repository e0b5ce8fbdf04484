/** The owner of a partition, whom the query service asks to change something: it writes nothing itself. */
import type { QuarantineAnswer, QuarantineRequest } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";

/** Reaches the owners of partitions. */
export interface PartitionOwners {
  /** Rejects with `unavailable` when none answers in time. What was asked may be done all the same. */
  decide(partition: number, request: QuarantineRequest): Promise<QuarantineAnswer>;
}
