/** The ingest service as its composition root puts it together, over the simulated log and database. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  OwnerNoticeSchema,
  type VerdictNotice,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Log } from "#proto/ports.ts";
import { Ingest } from "#cloud/ingest/ingest.ts";
import { LaneQueue } from "#cloud/ingest/lane_queue.ts";
import type { VerdictSink } from "#cloud/ingest/ports.ts";
import { IngestService } from "#cloud/ingest/service.ts";
import { commitIntervalOf, replayWindowOf } from "#cloud/lib/io/open_store.ts";
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
  readonly #reached = { live: 0, backfill: 0 };

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
    return this.#isUp && hub.next("live", this.#reached.live) === undefined &&
      hub.next("backfill", this.#reached.backfill) === undefined;
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

  /** The log's reader is made anew, some messages before its place: they come again. */
  readAgain(messages: number): void {
    for (const lane of ["live", "backfill"] as const) {
      this.#reached[lane] = Math.max(0, this.#reached[lane] - messages);
    }
  }

  async #run(life: Life): Promise<void> {
    const { hub, kind, partitions, log, plant, plantParts, backend } = this.#options;
    const parts = { ...plantParts, life };
    const made = createStore(backend(life));
    const store = plant?.store?.(made, parts) ?? made;
    const sink = this.#verdictSink(life);
    const ingest = new Ingest({
      store,
      shapes: { find: (hash) => this.#askHub(life, () => hub.shapes.get(hash)) },
      verdicts: plant?.verdicts?.(sink, parts) ?? sink,
      clock: life,
      log,
    });
    const config = kind === "lazy" ? { kind: "questdb", url: "" } as const : { kind: "sqlite", path: "" } as const;
    const logEnd = await this.#askHub(life, () => hub.lastSequence);
    const replayMs = plant?.replayMs ?? replayWindowOf(config);
    Object.assign(this.#reached, await ingest.own(partitions, { replayMs, logEnd }));
    const queue = new LaneQueue();
    const service = new IngestService({ ingest, queue, clock: life, log, commitIntervalMs: commitIntervalOf(config) });
    hub.owner = (request) => this.#answer(service, request);
    this.#waiting = () => ingest.counts.waiting;
    this.#isUp = true;
    const working = service.run(new AbortController().signal);
    const reading = { life, ingest, queue, service };
    await Promise.all([working, this.#readLane("live", reading), this.#readLane("backfill", reading)]);
  }

  async #readLane(
    lane: TelemetryLane,
    { life, ingest, queue, service }: { life: Life; ingest: Ingest; queue: LaneQueue; service: IngestService },
  ): Promise<void> {
    const { hub } = this.#options;
    while (!life.isOver) {
      if (hub.isStalled) {
        await life.after(stalledLookMs);
        continue;
      }
      const message = hub.next(lane, this.#reached[lane]);
      if (message === undefined) {
        ingest.handleLogEnd(lane, this.#reached[lane]);
        await hub.grown;
        await life.after(deliverMs);
        continue;
      }
      const { partition, sequence, placedAtNs, bytes } = message;
      queue.push({ place: { lane, partition, sequence }, placedAtNs, bytes });
      this.#reached[lane] = sequence;
      service.noticeMessage();
      if (hub.next(lane, sequence) === undefined) ingest.handleLogEnd(lane, sequence);
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
