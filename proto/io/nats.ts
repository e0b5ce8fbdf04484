/** Connects to NATS as one of the roles of deploy/nats. For relay and cloud; the agent never speaks NATS. */
import { connect, type NatsConnection } from "@nats-io/transport-node";

/** Where and as whom. */
export interface NatsOptions {
  /** `host:port`, tried in turn. */
  readonly servers: readonly string[];
  readonly user: string;
  readonly password: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** Prefix of reply subjects: roles may hear only their own. */
  readonly inboxPrefix: string;
}

/** Pause between attempts to reconnect. */
const reconnectPauseMs = 250;
/** A server that does not answer pings is left after two of these. */
const pingIntervalMs = 5_000;

/** Connects, waiting for the server if need be, and reconnects for ever; closed only by its owner. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  return await connect({
    servers: [...options.servers],
    user: options.user,
    pass: options.password,
    name: options.name,
    inboxPrefix: options.inboxPrefix,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectPauseMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
  });
}
