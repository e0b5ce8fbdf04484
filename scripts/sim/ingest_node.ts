/** The ingest service as its composition root puts it together, over the simulated log and database. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CertificateCheck } from "#proto/base/certificate.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  OwnerNoticeSchema,
  type VerdictNotice,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { partitionCount } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { Ingest } from "#cloud/ingest/ingest.ts";
import { LaneQueue } from "#cloud/ingest/lane_queue.ts";
import { type LeaseBoard, Ownership, type Taken } from "#cloud/ingest/ownership.ts";
import type { VerdictSink } from "#cloud/ingest/ports.ts";
import { IngestService } from "#cloud/ingest/service.ts";
import { commitIntervalOf } from "#cloud/lib/io/open_store.ts";
import type { Backend } from "#cloud/lib/store/backend.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import type { LedgerAnswer } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { DatabaseKind } from "./database.ts";
import type { Hub } from "./hub.ts";
import { Life, type Machine } from "./machine.ts";
import type { Plant, PlantParts } from "./plant.ts";
import type { Tally } from "./tally.ts";

/** What an {@link IngestNode} is made of. */
export interface IngestNodeOptions {
  readonly machine: Machine;
  readonly hub: Hub;
  readonly checkChain: CertificateCheck;
  readonly kind: DatabaseKind;
  readonly partitions: readonly number[];
  readonly log: Log;
  readonly tally: Tally;
  readonly plant: Plant | undefined;
  readonly plantParts: Omit<PlantParts, "life">;
  readonly backend: (life: Life) => Backend;
  readonly onNotice: (notice: VerdictNotice) => void;
  readonly onAnswer: (vehicle: string, answer: LedgerAnswer) => void;
}

/** Name of the only instance. */
const instance = "ingest";

/** One lane's reader of one tenure. */
interface Reader {
  readonly tenure: number;
  readonly lane: TelemetryLane;
  /** Partitions that it still reads. */
  readonly left: Set<number>;
  reached: number;
}

interface ReaderParts {
  readonly life: Life;
  readonly ingest: Ingest;
  readonly queue: LaneQueue;
  readonly service: IngestService;
}

/** Pause before it is started again after a failure, as its supervisor does. */
const restartMs = 1_000;
/** Between looks at a log that does not answer. */
const stalledLookMs = 200;
/** A message of the log is on its way for so long. */
const deliverMs = 0.4;

/** See the head of this file. */
export class IngestNode {
  readonly #options: IngestNodeOptions;
  #life: Life | undefined;
  #isUp = false;
  #waiting = () => 0;
  /** Readers of the present life. */
  #readers: Reader[] = [];
  #starts = 0;

  constructor(options: IngestNodeOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Batches that wait for suspended tables. */
  get waiting(): number {
    return this.#waiting();
  }

  /** Whether everything in the log has been read. */
  isThrough(): boolean {
    const { hub } = this.#options;
    const readers = this.#readers.filter(({ left }) => left.size > 0);
    return this.#isUp && readers.length > 0 &&
      readers.every(({ lane, reached }) => hub.next(lane, reached) === undefined);
  }

  /** Starts it, unless it runs already. */
  start(): void {
    if (this.#life?.isOver === false) return;
    const life = new Life(this.#options.machine);
    this.#life = life;
    this.#run(life).catch((thrown) => {
      if (life.isOver) return;
      this.#options.tally.add(`ingest starts failed: ${asFault(thrown).code}`);
      this.kill();
      this.#options.machine.time.set(restartMs, () => {
        if (this.#life === life) this.start();
      });
    });
  }

  /** Ends it at once. */
  kill(): void {
    this.#life?.end();
    this.#isUp = false;
    this.#options.hub.owner = undefined;
  }

  /** The log's readers are made anew, some messages before their places: they come again. */
  readAgain(messages: number): void {
    for (const reader of this.#readers) reader.reached = Math.max(0, reader.reached - messages);
  }

  async #run(life: Life): Promise<void> {
    const { hub, kind, log, plant, plantParts, backend, checkChain } = this.#options;
    const parts = { ...plantParts, life };
    const made = createStore(backend(life), BigInt(++this.#starts));
    const store = plant?.store?.(made, parts) ?? made;
    const sink = this.#verdictSink(life);
    const ingest = new Ingest({
      store,
      shapes: { find: (hash) => this.#askHub(life, () => hub.shapes.get(hash)) },
      verdicts: plant?.verdicts?.(sink, parts) ?? sink,
      proofs: { checkChain, find: ({ session }) => this.#askHub(life, () => hub.proofs.get(session)) },
      clock: life,
      log,
    });
    const config = kind === "lazy" ? { kind: "questdb", url: "" } as const : { kind: "sqlite", path: "" } as const;
    const queue = new LaneQueue();
    const service = new IngestService({ ingest, queue, clock: life, log, commitIntervalMs: commitIntervalOf(config) });
    this.#readers = [];
    const ownership = new Ownership({
      instance,
      board: this.#board(life),
      ingest,
      service,
      attendance: {
        begin: (taken) => this.#read(taken, { life, ingest, queue, service }),
        end: (partitions) => this.#readers.forEach(({ left }) => partitions.forEach((one) => left.delete(one))),
      },
      logExtent: () => this.#askHub(life, () => hub.extent),
      clock: life,
      log,
    });
    hub.owner = (request) => this.#answer(service, request);
    this.#waiting = () => ingest.counts.waiting;
    this.#isUp = true;
    const { signal } = new AbortController();
    await Promise.all([service.run(signal), ownership.run(signal)]);
  }

  /** There is one instance: leases of all partitions that have vehicles are its own. */
  #board(life: Life): LeaseBoard {
    const owners = new Map(Array.from({ length: partitionCount }, (_, partition) => [partition, "nobody's vehicles"]));
    for (const partition of this.#options.partitions) owners.delete(partition);
    return {
      announce: () => Promise.resolve(),
      look: () => this.#askHub(life, () => ({ members: [instance], owners })),
      claim: (partition) => Promise.resolve(Boolean(owners.set(partition, instance))),
      renew: () => Promise.resolve([]),
      release: (partition) => Promise.resolve(void owners.delete(partition)),
      leave: () => Promise.resolve(),
    };
  }

  #read({ tenure, partitions, from }: Taken, parts: ReaderParts): void {
    const left = new Set(partitions);
    for (const lane of ["live", "backfill"] as const) {
      const reader: Reader = { tenure, lane, left, reached: from[lane] };
      this.#readers.push(reader);
      void this.#readLane(reader, parts);
    }
  }

  async #readLane(reader: Reader, { life, ingest, queue, service }: ReaderParts): Promise<void> {
    const { hub } = this.#options;
    const { tenure, lane, left } = reader;
    while (!life.isOver && left.size > 0) {
      if (hub.isStalled) {
        await life.after(stalledLookMs);
        continue;
      }
      const message = hub.next(lane, reader.reached);
      if (message === undefined) {
        ingest.handleLaneEnd(tenure, { lane, sequence: reader.reached });
        await hub.grown;
        await life.after(deliverMs);
        continue;
      }
      const { partition, sequence, placedAtNs, bytes } = message;
      reader.reached = sequence;
      if (left.has(partition)) {
        queue.push({ place: { lane, partition, sequence }, tenure, placedAtNs, bytes });
        service.noticeMessage();
      }
      if (queue.isFull(lane)) await service.whenNotFull(lane);
    }
  }

  async #answer(service: IngestService, request: Uint8Array): Promise<Uint8Array> {
    const question = fromBinary(LedgerRequestSchema, request);
    const answer = await service.answer(question);
    this.#options.onAnswer(question.vehicleId, answer);
    return toBinary(LedgerAnswerSchema, answer);
  }

  #verdictSink(life: Life): VerdictSink {
    const { hub, onNotice } = this.#options;
    return {
      publish: ({ relay, shard }, notice) => {
        if (life.isOver) return;
        onNotice(notice);
        hub.relays.get(`${relay}.${shard}`)?.verdicts(toBinary(VerdictNoticeSchema, notice));
      },
      announce: (notice) => {
        if (life.isOver) return;
        for (const relay of hub.relays.values()) relay.owner(toBinary(OwnerNoticeSchema, notice));
      },
    };
  }

  async #askHub<T>(life: Life, work: () => T): Promise<T> {
    await life.after(deliverMs);
    if (this.#options.hub.isStalled) throw new Fault("log_failed", "Cannot ask the log: no answer");
    return work();
  }
}
