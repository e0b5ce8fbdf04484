/** A hub and a leaf of its own for one test, on free ports and in a temporary folder. */
import type { NatsConnection } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { join } from "node:path";
import { connectNats } from "#proto/io/nats.ts";
import { shapeBucket, telemetryStream } from "#proto/subjects.ts";
import { type Child, startChild } from "../servers/child.ts";
import { hubPlan, hubReady, leafPlan, leafReady, type NatsOptions, newPassword } from "../servers/nats.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { freePorts } from "../servers/ports.ts";
import { waitFor } from "../servers/wait.ts";

/** A running pair. */
export interface NatsPair {
  readonly folder: string;
  readonly leafPort: number;
  readonly relayPassword: string;
  /** A connection to the hub as ingest; the caller closes it. */
  connectIngest(): Promise<NatsConnection>;
  killHub(): Promise<void>;
  startHub(): Promise<void>;
  stop(): Promise<void>;
}

const readyMs = 10_000;

/** Starts both servers and makes stream and bucket as ingest does. */
export async function startNatsPair(): Promise<NatsPair> {
  const folder = await Deno.makeTempDir({ prefix: "nats pair " });
  const binary = await obtainNatsServer(() => {});
  const passwords = { leaf: newPassword(), relay: newPassword(), ingest: newPassword(), admin: newPassword() };
  const ports = freePorts(6);
  const options = (name: string, [client, monitor, leaf]: number[]): NatsOptions => ({
    binary,
    ports: { client, monitor, leaf },
    passwords,
    logFile: join(folder, `${name}.log`),
  });
  const [hubOptions, leafOptions] = [options("hub", ports.slice(0, 3)), options("leaf", ports.slice(3))];
  let hub: Child;
  const startHub = async () => {
    hub = startChild(hubPlan(join(folder, "store"), hubOptions));
    await waitFor("the hub", async () => await hubReady(hubOptions.ports.monitor) || undefined, { timeoutMs: readyMs });
  };
  await startHub();
  const leaf = startChild(leafPlan([hubOptions.ports.leaf], leafOptions));
  await waitFor("the leaf", async () => await leafReady(leafOptions.ports.monitor) || undefined, {
    timeoutMs: readyMs,
  });
  const connectIngest = () =>
    connectNats({
      servers: [`127.0.0.1:${hubOptions.ports.client}`],
      user: "ingest",
      password: passwords.ingest,
      name: "test ingest",
      inboxPrefix: "_INBOX_ingest",
    });
  await setUpLog(await connectIngest());
  return {
    folder,
    leafPort: leafOptions.ports.client,
    relayPassword: passwords.relay,
    connectIngest,
    startHub,
    killHub: async () => {
      hub.kill("SIGKILL");
      await hub.ended;
    },
    stop: async () => {
      await Promise.all([hub.stop(2000), leaf.stop(2000)]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function setUpLog(connection: NatsConnection): Promise<void> {
  const streams = await jetstreamManager(connection);
  await streams.streams.add({ name: telemetryStream, subjects: ["tel.v1.>"] });
  await new Kvm(jetstream(connection)).create(shapeBucket, { allow_direct: true });
  await connection.close();
}
