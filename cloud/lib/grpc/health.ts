/** Whether the services behind a gRPC server serve. Source: gRPC health checking protocol, version 1. */
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "#proto/gen/grpc/health/v1/health_pb.ts";
import type { Clock } from "#proto/ports.ts";

/** What is asked after. */
export interface HealthParts {
  /** Full names of the services. */
  readonly services: readonly string[];
  readonly isServing: () => boolean;
  readonly clock: Pick<Clock, "after">;
}

/** Whoever watches is told of a change so late at most. */
const watchMs = 1_000;

/** Makes the service. */
export function healthService({ services, isServing, clock }: HealthParts): ServiceImpl<typeof Health> {
  const isKnown = (service: string) => service === "" || services.includes(service);
  const statusOf = (service: string) => {
    if (!isKnown(service)) return Status.SERVICE_UNKNOWN;
    return isServing() ? Status.SERVING : Status.NOT_SERVING;
  };
  return {
    check: ({ service }) => {
      if (!isKnown(service)) throw new ConnectError(`Cannot find service "${service}"`, Code.NotFound);
      return { status: statusOf(service) };
    },
    watch: async function* ({ service }, { signal }) {
      let shown: Status | undefined;
      while (!signal.aborted) {
        const status = statusOf(service);
        if (status !== shown) yield { status };
        shown = status;
        await clock.after(watchMs, signal).catch(() => undefined);
      }
    },
  };
}
