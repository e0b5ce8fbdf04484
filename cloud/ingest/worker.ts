/** Ingest's composition root: the log in, the store and verdicts out. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  OwnerNoticeSchema,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { ackSubject, ledgerSubject, ownerSubject } from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { commitIntervalOf, openStore, replayWindowOf } from "../lib/io/open_store.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { Ingest } from "./ingest.ts";
import { claimPartitions, type Leases } from "./io/lease.ts";
import { readLane } from "./io/log_reader.ts";
import { setUpLog, setUpShapes } from "./io/log_setup.ts";
import { LaneQueue } from "./lane_queue.ts";
import { leaseRenewMs, ledgerRequestsMax } from "./limits.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { ingestMetrics } from "./metrics.ts";
import { IngestService } from "./service.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const clock = processClock();
  const log = makeLog({ service: "ingest", ...config.log });
  const nats = await connectNats({ ...config.nats, name: `ingest ${config.instance}`, inboxPrefix: "_INBOX_ingest" });
  const js = jetstream(nats);
  const logEnd = await setUpLog(await jetstreamManager(nats));
  const shapes = shapeSource(await setUpShapes(js));
  const leases = await claimSome(js, { owner: config.instance, clock, log });
  const store = openStore(config.store);
  const queue = new LaneQueue();
  const ingest = new Ingest({ store, shapes, verdicts: verdictSink(nats), clock, log });
  const places = await ingest.own(leases.partitions, { replayMs: replayWindowOf(config.store), logEnd });
  const service = new IngestService({ ingest, queue, clock, log, commitIntervalMs: commitIntervalOf(config.store) });

  const stopping = new AbortController();
  const { signal } = stopping;
  const reader = {
    js,
    queue,
    partitions: leases.partitions,
    clock,
    log,
    signal,
    onMessage: () => service.noticeMessage(),
    onEnd: (lane: TelemetryLane, sequence: number) => ingest.handleLogEnd(lane, sequence),
    whenNotFull: (lane: "live" | "backfill") => service.whenNotFull(lane),
  };
  answerLedgerRequests(nats, { leases, service, log });
  const readers = [readLane("live", places.live, reader), readLane("backfill", places.backfill, reader)];
  const renewing = renewForEver(leases, clock, signal);
  const working = service.run(signal);
  log.info("Ingest owns partitions", { count: leases.partitions.length, live: places.live, backfill: places.backfill });

  return {
    detail: () => nats.isClosed() ? "NATS connection is closed" : ingest.failing ?? "",
    metrics: () => Promise.resolve(ingestMetrics(ingest.counts)),
    stop: async () => {
      stopping.abort();
      await Promise.all([...readers, renewing, working]);
      await leases.release();
      await store.close();
      await nats.close();
    },
  };
}

/** Waits until at least one partition is free; until then another instance does the work. */
async function claimSome(
  js: Parameters<typeof claimPartitions>[0],
  { owner, clock, log }: { owner: string; clock: Clock; log: Log },
): Promise<Leases> {
  while (true) {
    const leases = await claimPartitions(js, owner);
    if (leases.partitions.length > 0) return leases;
    log.info("Every partition has an owner, standing by");
    await clock.after(leaseRenewMs);
  }
}

/** Rejects when a lease is lost: the worker then crashes and begins anew. */
async function renewForEver(leases: Leases, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.after(leaseRenewMs, signal).catch(() => undefined);
    if (!signal.aborted) await leases.renew();
  }
}

function shapeSource(bucket: KV): ShapeSource {
  return { find: async (hash) => (await bucket.get(hash))?.value };
}

function verdictSink(nats: NatsConnection): VerdictSink {
  return {
    publish: ({ relay, shard }, notice) =>
      nats.publish(ackSubject(relay, shard), toBinary(VerdictNoticeSchema, notice)),
    announce: (notice) => nats.publish(ownerSubject, toBinary(OwnerNoticeSchema, notice)),
  };
}

function answerLedgerRequests(
  nats: NatsConnection,
  { leases, service, log }: { leases: Leases; service: IngestService; log: Log },
): void {
  let underWay = 0;
  const answer = async (message: Msg) => {
    try {
      const request = fromBinary(LedgerRequestSchema, message.data);
      message.respond(toBinary(LedgerAnswerSchema, await service.answer(request)));
    } catch (error) {
      // No answer is an answer: the relay tells the vehicle so and asks again.
      log.warn("Cannot answer a ledger request", { error: asFault(error).message });
    } finally {
      underWay--;
    }
  };
  for (const partition of leases.partitions) {
    nats.subscribe(ledgerSubject(partition), {
      callback: (_error, message) => {
        if (underWay >= ledgerRequestsMax) return;
        underWay++;
        answer(message);
      },
    });
  }
}

serveSupervisor(start);
