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
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Log } from "#proto/ports.ts";
import { ackSubject, ledgerSubject, ownerSubject } from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { commitIntervalOf, openStore } from "../lib/io/open_store.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { Ingest } from "./ingest.ts";
import { PartitionAttendance } from "./io/attendance.ts";
import { openLeases } from "./io/lease.ts";
import { readLogExtent, setUpLog, setUpShapes } from "./io/log_setup.ts";
import { LaneQueue } from "./lane_queue.ts";
import { ledgerRequestsMax } from "./limits.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { ingestMetrics } from "./metrics.ts";
import { Ownership } from "./ownership.ts";
import { IngestService } from "./service.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const clock = processClock();
  const log = makeLog({ service: "ingest", ...config.log });
  const nats = await connectNats({ ...config.nats, name: `ingest ${config.instance}`, inboxPrefix: "_INBOX_ingest" });
  const js = jetstream(nats);
  const jsm = await jetstreamManager(nats);
  await setUpLog(jsm);
  const shapes = shapeSource(await setUpShapes(js));
  const board = await openLeases(js, { instance: config.instance, run: crypto.randomUUID() });
  const store = openStore(config.store);
  const queue = new LaneQueue();
  const ingest = new Ingest({ store, shapes, verdicts: verdictSink(nats), clock, log });
  const service = new IngestService({ ingest, queue, clock, log, commitIntervalMs: commitIntervalOf(config.store) });
  const attendance = new PartitionAttendance({
    js,
    queue,
    clock,
    log,
    onMessage: () => service.noticeMessage(),
    onLaneEnd: (tenure, end) => ingest.handleLaneEnd(tenure, end),
    whenNotFull: (lane) => service.whenNotFull(lane),
  }, ledgerDesk(nats, service, log));
  const ownership = new Ownership({
    instance: config.instance,
    board,
    ingest,
    service,
    attendance,
    logExtent: () => readLogExtent(jsm),
    clock,
    log,
  });

  const [owning, working] = [new AbortController(), new AbortController()];
  const owned = ownership.run(owning.signal);
  const worked = service.run(working.signal);
  return {
    detail: () => nats.isClosed() ? "NATS connection is closed" : ingest.failing ?? ownership.waitingFor,
    metrics: () => Promise.resolve(ingestMetrics(ingest.counts)),
    stop: async () => {
      owning.abort();
      await owned;
      working.abort();
      await worked;
      await attendance.ended();
      await store.close();
      await nats.close();
    },
  };
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

/** Answers relays' questions about a partition until what it returns is called. */
function ledgerDesk(nats: NatsConnection, service: IngestService, log: Log): (partition: number) => () => void {
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
  return (partition) => {
    const subscription = nats.subscribe(ledgerSubject(partition), {
      callback: (_error, message) => {
        if (underWay >= ledgerRequestsMax) return;
        underWay++;
        answer(message);
      },
    });
    return () => subscription.unsubscribe();
  };
}

serveSupervisor(start);
