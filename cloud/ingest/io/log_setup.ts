/** Makes sure that the log's stream and the buckets exist as they should. */
import { DiscardPolicy, type JetStreamClient, type JetStreamManager, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { shapeBucket, telemetryStream } from "#proto/subjects.ts";
import { logAgeMaxMs, logBytesMax } from "../limits.ts";
import { leaseBucket } from "./lease.ts";

/** Creates or updates the stream; returns the sequence of its last message. */
export async function setUpLog(jsm: JetStreamManager): Promise<number> {
  const config = {
    subjects: ["tel.v1.>"],
    storage: StorageType.File,
    max_age: logAgeMaxMs * 1e6,
    max_bytes: logBytesMax,
    // What falls out of a full log without a verdict is still on its vehicle, which sends it again once the owner has
    // passed its place.
    discard: DiscardPolicy.Old,
    allow_direct: true,
  };
  const exists = await jsm.streams.info(telemetryStream).then(() => true, () => false);
  const { state } = exists
    ? await jsm.streams.update(telemetryStream, config)
    : await jsm.streams.add({ name: telemetryStream, ...config });
  return state.last_seq;
}

/** Opens the bucket of shapes, created when it is missing. Definitions never change, so they never expire. */
export async function setUpShapes(js: JetStreamClient): Promise<KV> {
  return await new Kvm(js).create(shapeBucket, { allow_direct: true });
}

/** Gives the log and the buckets, which must be there, so many copies each: 1, or 3 or 5 in a cluster. */
export async function setUpReplicas(jsm: JetStreamManager, replicas: number): Promise<void> {
  for (const name of [telemetryStream, `KV_${shapeBucket}`, `KV_${leaseBucket}`]) {
    const { config } = await jsm.streams.info(name);
    if (config.num_replicas !== replicas) await jsm.streams.update(name, { num_replicas: replicas });
  }
}
