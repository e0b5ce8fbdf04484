/** A reader of the real log tells where its lane ended when it began: an owner compares no inventory before that. */
import { deepEqual } from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { readLane } from "#cloud/ingest/io/log_reader.ts";
import { LaneQueue } from "#cloud/ingest/lane_queue.ts";
import { groupBytesMax } from "#cloud/ingest/limits.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { systemClock } from "#proto/io/clock.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Log } from "#proto/ports.ts";
import { telemetrySubject } from "#proto/subjects.ts";
import { waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

Deno.test("a lane ends behind all that lay in it when its reader began, an empty one where the reader begins", async () => {
  const pair = await startNatsPair();
  const ingest = await pair.connectIngest();
  const relay = await connectNats({
    servers: [`127.0.0.1:${pair.leafPort}`],
    user: "relay",
    password: pair.relayPassword,
    name: "test",
    inboxPrefix: "_INBOX_relay.test",
  });
  const stopping = new AbortController();
  const ends: [TelemetryLane, number][] = [];
  const came: number[] = [];
  const queue = new LaneQueue();
  const options = {
    js: jetstream(ingest),
    queue,
    partitions: [3],
    clock: systemClock(),
    log: silent,
    onMessage: () => came.push(...queue.takeGroup(groupBytesMax).map(({ place }) => place.sequence)),
    onEnd: (lane: TelemetryLane, place: number) => ends.push([lane, place]),
    whenNotFull: () => Promise.resolve(),
    signal: stopping.signal,
  };
  try {
    // Another lane's or partition's messages are none of this reader's.
    for (const [lane, partition] of [["live", 3], ["live", 3], ["backfill", 4], ["live", 4]] as const) {
      await relay.request(telemetrySubject(lane, partition), new Uint8Array(8), { timeout: 5_000 });
    }
    const reading = [readLane("live", 0, options), readLane("backfill", 0, options)];
    await waitFor("both ends", () => Promise.resolve(ends.length >= 2 || undefined), { timeoutMs: 10_000 });
    deepEqual(ends.toSorted(), [["backfill", 0], ["live", 2]]);
    deepEqual(came, [1, 2]);
    stopping.abort();
    await Promise.all(reading);
  } finally {
    stopping.abort();
    await Promise.all([relay.close(), ingest.close()]);
    await pair.stop();
  }
});
