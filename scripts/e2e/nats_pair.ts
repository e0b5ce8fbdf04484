/** A hub and a leaf of its own for one test, on free ports and in a temporary folder. */
import type { NatsConnection } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { join } from "node:path";
import { connectNats } from "#proto/io/nats.ts";
import { allSessionsSubject, sessionStream, shapeBucket, telemetryStream } from "#proto/subjects.ts";
import { type Child, startChild } from "../servers/child.ts";
import { hubPlan, hubReady, leafPlan, leafReady, type NatsOptions, newPasswords } from "../servers/nats.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { freePorts } from "../servers/ports.ts";
import { waitFor } from "../servers/wait.ts";
import { patience } from "./patience.ts";

/** A running pair. */
export interface NatsPair {
  readonly folder: string;
  readonly leafPort: number;
  readonly relayPassword: string;
  /** A connection to the hub as ingest; the caller closes it. */
  connectIngest(): Promise<NatsConnection>;
  /** A connection to the hub as the fleet service; the caller closes it. */
  connectFleet(): Promise<NatsConnection>;
  /** A connection to the hub as the auth service; the caller closes it. */
  connectAuth(): Promise<NatsConnection>;
  /** A connection to the hub that may do everything; the caller closes it. */
  connectAdmin(): Promise<NatsConnection>;
  killHub(): Promise<void>;
  startHub(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both servers and makes stream and bucket as ingest does. */
export async function startNatsPair(): Promise<NatsPair> {
  const folder = await Deno.makeTempDir({ prefix: "nats pair " });
  const binary = await obtainNatsServer(() => {});
  const passwords = newPasswords();
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
    await waitFor("the hub", async () => await hubReady(hubOptions.ports.monitor) || undefined, patience);
  };
  await startHub();
  const leaf = startChild(leafPlan([hubOptions.ports.leaf], leafOptions));
  await waitFor("the leaf", async () => await leafReady(leafOptions.ports.monitor) || undefined, patience);
  const connectAs = (user: "ingest" | "fleet" | "auth" | "admin") =>
    connectNats({
      servers: [`127.0.0.1:${hubOptions.ports.client}`],
      user,
      password: passwords[user],
      name: `test ${user}`,
      inboxPrefix: `_INBOX_${user}`,
    });
  const connectIngest = () => connectAs("ingest");
  await setUpLog(await connectIngest());
  return {
    folder,
    leafPort: leafOptions.ports.client,
    relayPassword: passwords.relay,
    connectIngest,
    connectFleet: () => connectAs("fleet"),
    connectAuth: () => connectAs("auth"),
    connectAdmin: () => connectAs("admin"),
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
  await streams.streams.add({ name: sessionStream, subjects: [allSessionsSubject] });
  await new Kvm(jetstream(connection)).create(shapeBucket, { allow_direct: true });
  await connection.close();
}
