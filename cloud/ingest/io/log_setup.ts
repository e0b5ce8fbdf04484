/** Makes sure that the log's stream and the buckets exist as they should. */
import {
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { allSessionsSubject, sessionStream, shapeBucket, telemetryStream } from "#proto/subjects.ts";
import { logAgeMaxMs, logBytesMax, proofsBytesMax } from "../limits.ts";
import type { LogExtent } from "../places.ts";
import { leaseBucket } from "./lease.ts";

/** Creates or updates the stream. */
export async function setUpLog(jsm: JetStreamManager): Promise<void> {
  await setUpStream(jsm, telemetryStream, {
    subjects: ["tel.v1.>"],
    storage: StorageType.File,
    max_age: logAgeMaxMs * 1e6,
    max_bytes: logBytesMax,
    // What falls out of a full log without a verdict is still on its vehicle, which sends it again once the owner has
    // passed its place.
    discard: DiscardPolicy.Old,
    allow_direct: true,
  });
}

/** Creates or updates the stream of sessions' proofs, kept as long as the log. */
export async function setUpProofs(jsm: JetStreamManager): Promise<void> {
  await setUpStream(jsm, sessionStream, {
    subjects: [allSessionsSubject],
    storage: StorageType.File,
    max_age: logAgeMaxMs * 1e6,
    max_bytes: proofsBytesMax,
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.Old,
    allow_direct: true,
  });
}

async function setUpStream(jsm: JetStreamManager, name: string, config: Partial<StreamConfig>): Promise<void> {
  const exists = await jsm.streams.info(name).then(() => true, () => false);
  if (exists) await jsm.streams.update(name, config);
  else await jsm.streams.add({ name, ...config });
}

/** The log as it lies there now. Made anew, it has another time of creation. */
export async function readLogExtent(jsm: JetStreamManager): Promise<LogExtent> {
  const { created, state }: StreamInfo = await jsm.streams.info(telemetryStream);
  return { id: String(created), first: state.first_seq, last: state.last_seq };
}

/** Opens the bucket of shapes, created when it is missing. Definitions never change, so they never expire. */
export async function setUpShapes(js: JetStreamClient): Promise<KV> {
  return await new Kvm(js).create(shapeBucket, { allow_direct: true });
}

/** Gives the log, the proofs and the buckets, which must be there, so many copies each: 1, or 3 or 5 in a cluster. */
export async function setUpReplicas(jsm: JetStreamManager, replicas: number): Promise<void> {
  for (const name of [telemetryStream, sessionStream, `KV_${shapeBucket}`, `KV_${leaseBucket}`]) {
    const { config } = await jsm.streams.info(name);
    if (config.num_replicas !== replicas) await jsm.streams.update(name, { num_replicas: replicas });
  }
}
