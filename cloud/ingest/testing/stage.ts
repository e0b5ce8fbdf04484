/** An ingest over a real SQLite file, with the log, the bucket of shapes and the shards in the hands of whoever tests. */
import { ok } from "node:assert/strict";
import { encodeBatch } from "#proto/batch.ts";
import { type BundleItem, encodeBundle, type RelayHeader } from "#proto/bundle.ts";
import { type ClassNumber, classNumber, type TelemetryLane } from "#proto/class.ts";
import type { VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { type Epoch, parseEpoch, parseRelayName, parseStream, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { partitionCount } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { normalize, type Ranges } from "#proto/ranges.ts";
import { encodeShape, type FrameRecord, makeShape, type Shape, type Value } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { pageRowsMax } from "../../lib/store/limits.ts";
import { openSqlite } from "../../lib/store/io/sqlite.ts";
import type { LedgerEntry } from "../../lib/store/ledger_entry.ts";
import type { QuarantineEntry } from "../../lib/store/quarantine_entry.ts";
import type { Row } from "../../lib/store/rows.ts";
import type { Store } from "../../lib/store/store.ts";
import { createStore } from "../../lib/store/table_store.ts";
import { Ingest } from "../ingest.ts";
import type { LogMessage } from "../log_message.ts";
import type { ProofCheck } from "../ports.ts";
import { fromWire } from "../wire.ts";

/** A batch under its relay header. */
export type BatchItem = Extract<BundleItem, { kind: "batch" }>;

/** Says nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
/** Whose batches they are unless told otherwise. */
export const vehicle = parseVehicleId("drone-001");
/** And of which time base. */
export const epoch = parseEpoch(42n);
/** 2024-06-10, when the relay took everything. */
export const startNs = 1_718_000_000_000_000_000n;
/** The shape of most records. */
export const telemetry = makeShape(parseStream("telemetry"), [{ name: "a", type: "f64" }]);

/** What a batch is made of besides its records. */
export interface BatchChoice {
  readonly vehicle?: VehicleId;
  readonly epoch?: Epoch;
  readonly class?: ClassNumber;
  readonly clockOffsetNs?: bigint;
}

/** What came back of a stretch of the log. */
export interface Told {
  readonly committed: Ranges;
  readonly quarantined: Ranges;
}

/** The relay header of a vehicle's batches. */
function relayHeader(of: VehicleId = vehicle): RelayHeader {
  const [relay, sessionSecret] = [parseRelayName("dev"), new Uint8Array(16)];
  return { vehicle: of, relay, shard: 0, sessionSecret, receivedAtNs: startNs };
}

/** A batch of records. */
export function batchOf(records: readonly FrameRecord[], choice: BatchChoice = {}): BatchItem {
  const batch = encodeBatch(records, {
    epoch: choice.epoch ?? epoch,
    class: choice.class ?? classNumber("normal"),
    clockOffsetNs: choice.clockOffsetNs ?? 0n,
  });
  return { kind: "batch", header: relayHeader(choice.vehicle), batch };
}

/** Records with these seqs; each field has the value that `value` makes of the seq, its seq by default. */
export function recordsOf(
  range: { first: number; last: number },
  options: { shape?: Shape; value?: (seq: number) => Value } = {},
): FrameRecord[] {
  const { shape = telemetry, value = (seq: number) => seq } = options;
  return Array.from({ length: range.last - range.first + 1 }, (_, at) => {
    const seq = range.first + at;
    return { seq, ts: startNs + BigInt(seq) * 1_000_000n, shape, values: shape.fields.map(() => value(seq)) };
  });
}

/** The batch with its last bit turned, so that its CRC does not match. */
export function damaged(item: BatchItem): BatchItem {
  const batch = item.batch.slice();
  batch[batch.length - 1] ^= 1;
  return { ...item, batch };
}

/** The definition of a shape. */
export function define(shape: Shape): BundleItem {
  return { kind: "shape", definition: encodeShape(shape) };
}

/** See the head of this file. The first owner is there after {@link IngestStage.restart}. */
export class IngestStage {
  readonly clock = new VirtualClock();
  readonly notices: VerdictNotice[] = [];
  readonly bucket = new Map<string, Uint8Array>();
  /** Which proofs of sessions there are; without any, every relay is believed. For the next owner. */
  proofs: ProofCheck | undefined;
  readonly path = Deno.makeTempFileSync({ suffix: ".db" });
  readonly #log: LogMessage[] = [];
  readonly #wrap: (store: Store) => Store;
  #store: Store | undefined;
  #ingest: Ingest | undefined;
  #life = 1;
  #owners = 0;

  /** `wrap` stands between ingest and the store. */
  constructor(wrap: (store: Store) => Store = (store) => store) {
    this.#wrap = wrap;
  }

  get store(): Store {
    ok(this.#store !== undefined, "an owner is there");
    return this.#store;
  }

  get ingest(): Ingest {
    ok(this.#ingest !== undefined, "an owner is there");
    return this.#ingest;
  }

  /** The owner is gone, without a flush, and another one reads on from where the places say; with `replay` the store was
   * started again too. */
  async restart(options: { replay?: boolean } = {}): Promise<void> {
    await this.#store?.close();
    if (options.replay === true) this.#life++;
    this.#store = this.#wrap(inLife(createStore(openSqlite({ path: this.path }), BigInt(++this.#owners)), this.#life));
    this.#ingest = new Ingest({
      store: this.#store,
      shapes: { find: (hash) => Promise.resolve(this.bucket.get(hash)) },
      verdicts: { publish: (_, notice) => this.notices.push(notice), announce: () => {} },
      proofs: this.proofs,
      clock: this.clock,
      log: silent,
    });
    const all = Array.from({ length: partitionCount }, (_, partition) => partition);
    const log = { id: "log", first: 1, last: this.#log.length };
    const { from } = await this.#ingest.own(all, { log });
    await this.#ingest.commit(this.#log.filter(({ place }) => place.sequence > from[place.lane]));
  }

  /** Puts a message of these items, or any bytes, into the log. */
  put(
    content: readonly BundleItem[] | Uint8Array,
    options: { lane?: TelemetryLane; partition?: number } = {},
  ): LogMessage {
    const { lane = "live", partition = partitionOf(vehicle) } = options;
    const bytes = content instanceof Uint8Array ? content : encodeBundle(content);
    const place = { lane, partition, sequence: this.#log.length + 1 };
    // Each owner takes over once.
    const message = { place, tenure: 1, placedAtNs: startNs, bytes };
    this.#log.push(message);
    return message;
  }

  /** Puts a message of these items into the log, and has it worked. */
  async send(...items: readonly BundleItem[]): Promise<void> {
    await this.ingest.commit([this.put(items)]);
  }

  /** What was told since the last call. */
  told(): Told {
    const entries = this.notices.splice(0).flatMap((notice) => notice.entries);
    const joined = (pick: "committed" | "quarantined") =>
      normalize(entries.flatMap((entry) => fromWire(entry[pick])).flatMap(({ ranges }) => ranges));
    return { committed: joined("committed"), quarantined: joined("quarantined") };
  }

  /** Rows of the stream, of one page. */
  async rows(stream = "telemetry"): Promise<readonly Row[]> {
    const query = { vehicle, stream: parseStream(stream), limit: pageRowsMax };
    return (await this.store.rows(query).catch(() => ({ rows: [] }))).rows;
  }

  /** Values of field `a` by seq. */
  async values(stream = "telemetry"): Promise<Record<number, unknown>> {
    return Object.fromEntries((await this.rows(stream)).map(({ seq, values }) => [seq, values.a]));
  }

  async quarantined(of: VehicleId = vehicle): Promise<readonly QuarantineEntry[]> {
    return (await this.store.quarantined(of, { limit: 1000 })).entries;
  }

  /** The ledger's line of the vehicle's normal records, as the store has it. */
  async line(): Promise<LedgerEntry | undefined> {
    return (await this.store.ledger(vehicle)).find((line) => line.epoch === epoch && line.class === "normal");
  }

  async close(): Promise<void> {
    await this.#store?.close();
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(this.path + end).catch(() => undefined);
  }
}

/** The store, as it is in one of its lives. */
function inLife(store: Store, life: number): Store {
  const told = () => Promise.resolve(`${life}`);
  return new Proxy(store, {
    get: (_, name) => name === "life" ? told : Reflect.get(store, name).bind(store),
  });
}

/** Defines a test with a stage of its own, which has an owner and knows the usual shape. */
export function scenario(name: string, run: (stage: IngestStage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = new IngestStage();
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    try {
      await stage.restart();
      await run(stage);
    } finally {
      await stage.close();
    }
  });
}
