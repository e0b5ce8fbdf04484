/** Asks the owners of partitions over NATS. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { NatsConnection } from "@nats-io/transport-node";
import { QuarantineAnswerSchema, QuarantineRequestSchema } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { Fault } from "#proto/errors.ts";
import { connectNats, type NatsOptions } from "#proto/io/nats.ts";
import { quarantineSubject } from "#proto/subjects.ts";
import { ownerTimeoutMs } from "../limits.ts";
import type { PartitionOwners } from "../owner.ts";

/** The owners, and an end to the connection. */
export interface NatsOwners extends PartitionOwners {
  close(): Promise<void>;
}

/** Connects when it can: a NATS that is away keeps nobody from reading. */
export function natsOwners(options: NatsOptions): NatsOwners {
  let nats: NatsConnection | undefined;
  let closed = false;
  connectNats(options).then(async (connection) => {
    nats = connection;
    if (closed) await connection.close();
  });
  return {
    decide: async (partition, request) => {
      if (nats === undefined) throw new Fault("unavailable", "Cannot ask the owner of the partition: NATS is away");
      const data = toBinary(QuarantineRequestSchema, request);
      try {
        const answer = await nats.request(quarantineSubject(partition), data, { timeout: ownerTimeoutMs });
        return fromBinary(QuarantineAnswerSchema, answer.data);
      } catch (cause) {
        throw new Fault("unavailable", `Cannot ask the owner of partition ${partition}: no answer`, { cause });
      }
    },
    close: async () => {
      closed = true;
      await nats?.close();
    },
  };
}

/** For a service that was given no account of NATS: it reads, and decides nothing. */
export const noOwners: NatsOwners = {
  decide: () => {
    throw new Fault("unavailable", "Cannot ask the owner of the partition: query.nats is not configured");
  },
  close: () => Promise.resolve(),
};
