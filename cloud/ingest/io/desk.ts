/** Answers requests about partitions while they are owned: one subscription each, so many answers under way in all. */
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { asFault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";

/** One kind of request. */
export interface DeskParts {
  /** What is asked about, for the log. */
  readonly about: string;
  readonly subjectOf: (partition: number) => string;
  readonly answer: (request: Uint8Array) => Promise<Uint8Array>;
  /** Requests beyond so many under way get no answer; whoever asked asks again. */
  readonly underWayMax: number;
  readonly log: Log;
}

/** Begins to answer for a partition; what it returns ends that. */
export type Desk = (partition: number) => () => void;

/** See the head of this file. */
export function openDesk(nats: NatsConnection, { about, subjectOf, answer, underWayMax, log }: DeskParts): Desk {
  let underWay = 0;
  const handle = async (message: Msg) => {
    underWay++;
    try {
      message.respond(await answer(message.data));
    } catch (error) {
      // No answer is an answer: whoever asked waits for a bounded time, and may ask again.
      log.warn(`Cannot answer a request about ${about}`, { error: asFault(error).message });
    } finally {
      underWay--;
    }
  };
  return (partition) => {
    const subscription = nats.subscribe(subjectOf(partition), {
      callback: (_error, message) => {
        if (underWay < underWayMax) handle(message);
      },
    });
    return () => subscription.unsubscribe();
  };
}
