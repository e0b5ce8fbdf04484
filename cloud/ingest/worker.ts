/** Ingest's composition root: the log in, the store and verdicts out. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { jetstream, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  OwnerNoticeSchema,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { QuarantineAnswerSchema, QuarantineRequestSchema } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { certificateCheck } from "#proto/base/certificate.ts";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Log } from "#proto/ports.ts";
import {
  ackSubject,
  ledgerSubject,
  ownerSubject,
  quarantineSubject,
  sessionStream,
  sessionSubject,
} from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { commitIntervalOf, openStore } from "../lib/io/open_store.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { Ingest } from "./ingest.ts";
import { PartitionAttendance } from "./io/attendance.ts";
import { type Desk, openDesk } from "./io/desk.ts";
import { openLeases } from "./io/lease.ts";
import { readLogExtent, setUpLog, setUpProofs, setUpReplicas, setUpShapes } from "./io/log_setup.ts";
import { linkReportsOf } from "./links.ts";
import { LaneQueue } from "./lane_queue.ts";
import { ledgerRequestsMax, logTimeoutMs, quarantineRequestsMax } from "./limits.ts";
import type { ProofCheck, ShapeSource, VerdictSink } from "./ports.ts";
import { ingestMetrics } from "./metrics.ts";
import { Ownership } from "./ownership.ts";
import { IngestService } from "./service.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const clock = processClock();
  const log = makeLog({ service: "ingest", ...config.log });
  const inboxPrefix = "_INBOX_ingest";
  const nats = await connectNats({ ...config.nats, name: `ingest ${config.instance}`, inboxPrefix });
  const forBackfill = await connectNats({ ...config.nats, name: `ingest ${config.instance} backfill`, inboxPrefix });
  const js = jetstream(nats);
  const jsm = await jetstreamManager(nats);
  await setUpLog(jsm);
  await setUpProofs(jsm);
  const shapes = shapeSource(await setUpShapes(js));
  const board = await openLeases(nats, { instance: config.instance, run: crypto.randomUUID() });
  await setUpReplicas(jsm, config.nats.replicas);
  const store = openStore(config.store);
  const queue = new LaneQueue();
  const proofs = await proofCheck(config.ingest, { jsm, log });
  const ingest = new Ingest({ store, shapes, verdicts: verdictSink(nats), proofs, clock, log });
  const service = new IngestService({ ingest, queue, clock, log, commitIntervalMs: commitIntervalOf(config.store) });
  // Setting up may take the servers longer than what is asked of them every few seconds.
  const asking = { timeout: logTimeoutMs, checkAPI: false };
  const logApi = await jetstreamManager(nats, asking);
  const attendance = new PartitionAttendance({
    js: { live: jetstream(nats, asking), backfill: jetstream(forBackfill, asking) },
    queue,
    clock,
    log,
    onMessage: () => service.noticeMessage(),
    onLaneEnd: (tenure, end) => ingest.handleLaneEnd(tenure, end),
    whenNotFull: (lane) => service.whenNotFull(lane),
  }, [ledgerDesk(nats, service, log), quarantineDesk(nats, service, log)]);
  const ownership = new Ownership({
    instance: config.instance,
    board,
    ingest,
    service,
    attendance,
    logExtent: () => readLogExtent(logApi),
    clock,
    log,
  });

  hearOfLinks(nats, { ingest, log });
  const [owning, working] = [new AbortController(), new AbortController()];
  const owned = ownership.run(owning.signal);
  const worked = service.run(working.signal);
  return {
    detail: () =>
      nats.isClosed() || forBackfill.isClosed() ? "NATS connection is closed" : ingest.failing ?? ownership.waitingFor,
    metrics: () => Promise.resolve(ingestMetrics(ingest.counts, ingest.figures)),
    stop: async () => {
      owning.abort();
      await owned;
      working.abort();
      await worked;
      await attendance.ended();
      await store.close();
      await Promise.all([nats.close(), forBackfill.close()]);
    },
  };
}

function shapeSource(bucket: KV): ShapeSource {
  return { find: async (hash) => (await bucket.get(hash))?.value };
}

/** Proofs are checked by the same roots and issuers as vehicles at the relays' doors. */
async function proofCheck(
  { vehicle_roots: roots, vehicle_issuers: issuers }: CloudConfig["ingest"],
  { jsm, log }: { jsm: JetStreamManager; log: Log },
): Promise<ProofCheck | undefined> {
  if (roots === undefined) {
    log.warn("Proofs of sessions are not checked: every relay is believed about any vehicle. Production checks them");
    return undefined;
  }
  const read = (paths: readonly string[]) => Promise.all(paths.map((path) => Deno.readTextFile(path)));
  return {
    checkChain: certificateCheck({ roots: await read(roots), issuers: issuers && await read(issuers) }),
    find: async ({ vehicle, session }) => {
      const query = { last_by_subj: sessionSubject(vehicle, session) };
      return (await jsm.direct.getMessage(sessionStream, query))?.data;
    },
  };
}

function verdictSink(nats: NatsConnection): VerdictSink {
  return {
    publish: ({ relay, shard }, notice) =>
      nats.publish(ackSubject(relay, shard), toBinary(VerdictNoticeSchema, notice)),
    announce: (notice) => nats.publish(ownerSubject, toBinary(OwnerNoticeSchema, notice)),
  };
}

function hearOfLinks(nats: NatsConnection, { ingest, log }: { ingest: Ingest; log: Log }): void {
  nats.subscribe("presence.v1.>", {
    callback: (_error, message) => {
      try {
        ingest.noteLinks(linkReportsOf(message.data));
      } catch (error) {
        log.warn("Cannot read what a relay tells of links", { error: asFault(error).message });
      }
    },
  });
}

/** Answers relays' questions about a partition's vehicles. */
function ledgerDesk(nats: NatsConnection, service: IngestService, log: Log): Desk {
  return openDesk(nats, {
    about: "the ledger",
    subjectOf: ledgerSubject,
    answer: async (bytes) => toBinary(LedgerAnswerSchema, await service.answer(fromBinary(LedgerRequestSchema, bytes))),
    underWayMax: ledgerRequestsMax,
    log,
  });
}

/** Hears what the query service asks about what was kept aside. */
function quarantineDesk(nats: NatsConnection, service: IngestService, log: Log): Desk {
  return openDesk(nats, {
    about: "the quarantine",
    subjectOf: quarantineSubject,
    answer: async (bytes) =>
      toBinary(QuarantineAnswerSchema, await service.decide(fromBinary(QuarantineRequestSchema, bytes))),
    underWayMax: quarantineRequestsMax,
    log,
  });
}

serveSupervisor(start);
