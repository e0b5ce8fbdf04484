/** Hears what the query service asks the owner of partitions about the quarantine. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  type QuarantineAnswer,
  QuarantineAnswerSchema,
  type QuarantineRequest,
  QuarantineRequestSchema,
} from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { asFault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import { quarantineSubject } from "#proto/subjects.ts";
import { quarantineRequestsMax } from "../limits.ts";

/** Who answers. */
export interface QuarantineDesk {
  decide(request: QuarantineRequest): Promise<QuarantineAnswer>;
}

/** Answers requests about these partitions for as long as the connection is open. */
export function answerQuarantineRequests(
  nats: NatsConnection,
  { partitions, desk, log }: { partitions: readonly number[]; desk: QuarantineDesk; log: Log },
): void {
  let underWay = 0;
  const answer = async (message: Msg) => {
    underWay++;
    try {
      const request = fromBinary(QuarantineRequestSchema, message.data);
      message.respond(toBinary(QuarantineAnswerSchema, await desk.decide(request)));
    } catch (error) {
      // Whoever asked waits for a bounded time, and may ask again.
      log.warn("Cannot answer a request about the quarantine", { error: asFault(error).message });
    } finally {
      underWay--;
    }
  };
  for (const partition of partitions) {
    nats.subscribe(quarantineSubject(partition), {
      callback: (_error, message) => {
        if (underWay < quarantineRequestsMax) answer(message);
      },
    });
  }
}
