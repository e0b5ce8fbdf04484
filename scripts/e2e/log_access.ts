/** The log of a running system in a test's hands: what relays put there can be read, and more put beside it. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { type BundleItem, encodeBundle, readBundle, type RelayHeader } from "#proto/bundle.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { connectNats } from "#proto/io/nats.ts";
import { partitionOf, telemetryStream, telemetrySubject } from "#proto/subjects.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { waitFor } from "../servers/wait.ts";
import type { TestSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const subject = telemetrySubject("live", partitionOf(parseVehicleId("drone-001")));

/** Works with a connection that may do everything. */
export async function asAdmin<T>(system: TestSystem, work: (nats: NatsConnection) => Promise<T>): Promise<T> {
  const { admin: password } = await ensureSecrets(system.layout.state);
  return await connected({ port: system.layout.ports.hub, user: "admin", password }, work);
}

/** Works with the connection that the relay's own user has at its leaf. */
export async function asRelay<T>(system: TestSystem, work: (nats: NatsConnection) => Promise<T>): Promise<T> {
  const { relay: password } = await ensureSecrets(system.layout.state);
  return await connected({ port: system.layout.ports.leaf, user: "relay", password }, work);
}

/** The header under which the relay carries drone-001, whose agent sends a frame for it. */
export async function genuineHeader(system: TestSystem): Promise<RelayHeader> {
  const response = await fetch(`${system.agentUrl("drone-001")}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stream: "telemetry", data: { genuine: 1 } }),
  });
  if (!response.ok) throw new Error(`The agent answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
  return await asAdmin(system, async (nats) => {
    const log = await jetstreamManager(nats);
    return await waitFor("a batch in the log", async () => {
      const found = await log.streams.getMessage(telemetryStream, { last_by_subj: subject });
      return found === null ? undefined : readBundle(found.data).find((item) => item.kind === "batch")?.header;
    }, patience);
  });
}

/** Puts a message of these items into the log. */
export async function putIntoLog(nats: NatsConnection, items: readonly BundleItem[]): Promise<void> {
  await jetstream(nats).publish(subject, encodeBundle(items));
}

async function connected<T>(
  { port, user, password }: { port: number; user: string; password: string },
  work: (nats: NatsConnection) => Promise<T>,
): Promise<T> {
  const inboxPrefix = user === "relay" ? "_INBOX_relay.test" : "_INBOX";
  const nats = await connectNats({ servers: [`127.0.0.1:${port}`], user, password, name: "test", inboxPrefix });
  try {
    return await work(nats);
  } finally {
    await nats.close();
  }
}
