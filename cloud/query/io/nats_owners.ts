/** The query service's connection to NATS: it comes when it can, for a NATS that is away keeps nobody from reading. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { NatsConnection } from "@nats-io/transport-node";
import { QuarantineAnswerSchema, QuarantineRequestSchema } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { Fault } from "#proto/errors.ts";
import { quarantineSubject } from "#proto/subjects.ts";
import { ownerTimeoutMs } from "../limits.ts";
import type { PartitionOwners } from "../owner.ts";

/** The owners of partitions, over the connection that there is by then; undefined while there is none. */
export function natsOwners(connection: () => NatsConnection | undefined): PartitionOwners {
  return {
    decide: async (partition, request) => {
      const nats = connection();
      if (nats === undefined) throw new Fault("unavailable", "Cannot ask the owner of the partition: NATS is away");
      const data = toBinary(QuarantineRequestSchema, request);
      try {
        const answer = await nats.request(quarantineSubject(partition), data, { timeout: ownerTimeoutMs });
        return fromBinary(QuarantineAnswerSchema, answer.data);
      } catch (cause) {
        throw new Fault("unavailable", `Cannot ask the owner of partition ${partition}: no answer`, { cause });
      }
    },
  };
}
