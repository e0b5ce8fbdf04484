/**
 * The owner's work on one commit: unpack, plan, write, decide, tell.
 *
 *     messages -> unpack -> plan -> write -> verdicts -> ledger (memory) -> notices
 *                   |         |        `- suspended: waits, is tried again, after 60 s kept aside
 *                   |         `- repeat: compared; equal -> verdict again, different -> kept aside
 *                   `- faulty: kept aside
 *
 * Ledger and places are flushed every few seconds; what a crash forgets is read again from the log, and keys make the
 * second writing harmless.
 */
import { create } from "@bufbuild/protobuf";
import type { TelemetryLane } from "#proto/class.ts";
import {
  type LedgerAnswer,
  LedgerAnswerSchema,
  type LedgerRequest,
  OwnerNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Block } from "#proto/batch.ts";
import { asFault, type Code } from "#proto/errors.ts";
import { parseRelayName, parseVehicleId, type StreamName, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { countOf, intersect, none, type Ranges, subtract } from "#proto/ranges.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import type { Checkpoint, LedgerEntry, RowBlock, Store } from "../lib/store/store.ts";
import { Ledger } from "./ledger.ts";
import { ledgerVehiclesMax, shapesMax, suspendedMaxMs, waitingBytesMax } from "./limits.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import { absorbOwnRecords } from "./own_records.ts";
import { extendCheckpoint, isWithin, type LanePlaces, passedOf, type ReplayPlan, replayPlanOf } from "./places.ts";
import { planCommit, type Planned } from "./plan.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { unknownOf } from "./resend.ts";
import { quarantineEntryOf, unreadableEntryOf } from "./quarantine.ts";
import { rowsWithin, seqsOf } from "./rows.ts";
import { Sessions } from "./sessions.ts";
import { ShapeBook } from "./shape_book.ts";
import { StoreWriter } from "./store_writer.ts";
import { unpack, type Unpacked } from "./unpack.ts";
import { noticesOf, type Verdict } from "./verdicts.ts";
import { fromWire, type LineRanges, mergeLines, toWire } from "./wire.ts";

/** What an owner is given. */
export interface IngestPorts {
  readonly store: Store;
  readonly shapes: ShapeSource;
  readonly verdicts: VerdictSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rows that a suspended table did not show yet. */
interface Waiting {
  readonly planned: Planned;
  readonly blocks: readonly Block[];
  readonly sinceMs: number;
}

/** Counters for metrics; read, never written, from outside. */
export interface IngestCounts {
  batches: number;
  rows: number;
  repeated: number;
  quarantined: number;
  /** Records that vehicles were asked for again. */
  askedAgain: number;
  waiting: number;
}

/** See the head of this file. One commit at a time: the caller awaits each call. */
export class Ingest {
  readonly counts: IngestCounts = { batches: 0, rows: 0, repeated: 0, quarantined: 0, askedAgain: 0, waiting: 0 };
  readonly #ports: IngestPorts;
  readonly #ledger = new Ledger(ledgerVehiclesMax);
  readonly #shapes = new ShapeBook(shapesMax);
  readonly #sessions = new Sessions(ledgerVehiclesMax);
  readonly #writer: StoreWriter;
  readonly #plans = new Map<number, ReplayPlan>();
  readonly #checkpoints = new Map<number, Checkpoint>();
  #reached: LanePlaces = { live: 0, backfill: 0 };
  /** Tells this start of the owner from another. */
  #beganNs = 0n;
  /** The log's last places when this owner began to read it, lane by lane as they become known. */
  readonly #ends = new Map<TelemetryLane, number>();
  #waiting: Waiting[] = [];

  constructor(ports: IngestPorts) {
    this.#ports = ports;
    this.#writer = new StoreWriter(ports);
  }

  /** Why the store does not work at the moment; undefined while it does. */
  get failing(): string | undefined {
    return this.#writer.failing;
  }

  /**
   * Takes over partitions; returns the places to read their lanes from (the first message wanted is the next one).
   * `logEnd`: last sequence of the log. Places beyond it belong to a log that is gone, and are forgotten.
   */
  async own(partitions: readonly number[], options: { replayMs: number; logEnd: number }): Promise<LanePlaces> {
    for (const partition of partitions) {
      const known = await this.#ports.store.checkpoint(partition);
      const checkpoint = isWithin(known, options.logEnd) ? known : undefined;
      this.#checkpoints.set(partition, checkpoint ?? { partition, places: [] });
      this.#plans.set(partition, replayPlanOf(checkpoint, options));
    }
    this.#beganNs = this.#ports.clock.wallNs();
    this.#ends.clear();
    const starts = [...this.#plans.values()].map((plan) => plan.from);
    this.#reached = {
      live: Math.min(...starts.map((from) => from.live)),
      backfill: Math.min(...starts.map((from) => from.backfill)),
    };
    return this.#reached;
  }

  /**
   * A lane of the log ended there when its reader began. Only the first word after {@link own} counts: until all up to it
   * is worked through, what the ledger lacks may lie in the log, and no vehicle is asked for it.
   */
  handleLogEnd(lane: TelemetryLane, sequence: number): void {
    if (!this.#ends.has(lane)) this.#ends.set(lane, sequence);
  }

  /** Tells all relays that this owner compares inventories, once it does. Call every `ownerIntervalMs`. */
  announce(): void {
    const beganNs = this.#comparedBy();
    if (beganNs === 0n) return;
    this.#ports.verdicts.announce(create(OwnerNoticeSchema, { partitions: [...this.#plans.keys()], beganNs }));
  }

  /** Works one group of messages to its verdicts. Waits for the store as long as it takes. */
  async commit(messages: readonly LogMessage[]): Promise<void> {
    const wanted = messages.filter((message) => this.#isWanted(message));
    const unpacked = await this.#unpackAll(wanted);
    const deliveries = unpacked.flatMap((one) => one.deliveries);
    await this.#loadLedgers(new Set(deliveries.map(({ relay }) => relay.vehicle)));
    const planned = planCommit(deliveries, { ledger: this.#ledger, replayed: (one) => this.#isReplayed(one) });

    const fresh = await this.#writeFresh(planned.filter((one) => one.fresh.length > 0));
    const repeats = await this.#checkRepeats(planned.filter((one) => one.repeated.length > 0));
    const unreadable = wanted.flatMap((message, at) =>
      unpacked[at].unreadable.map((one) => unreadableEntryOf(message, one))
    );
    for (const entry of unreadable) await this.#writer.quarantine(entry);

    this.#reach(messages);
    this.#count(planned, unreadable.length);
    this.#tell([...fresh, ...repeats]);
  }

  /** Tries again what waits for suspended tables. Call every `suspendedRetryMs`. */
  async retryWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    const verdicts: Verdict[] = [];
    for (const one of waiting) verdicts.push(...await this.#retryOne(one));
    this.counts.waiting = this.#waiting.length;
    this.#tell(verdicts);
  }

  /**
   * Answers which ranges of an inventory have a verdict and which are wanted again, and notes where the vehicle's verdicts
   * go from now on.
   */
  async answer(request: LedgerRequest): Promise<LedgerAnswer> {
    const vehicle = parseVehicleId(request.vehicleId);
    await this.#loadLedgers(new Set([vehicle]));
    this.#sessions.register(vehicle, {
      relay: parseRelayName(request.relay),
      shard: request.shard,
      session: request.session,
    });
    const onBoard = fromWire(request.inventory?.onBoard ?? []);
    const lines = this.#ledger.linesOf(vehicle);
    const waiting = this.#waiting.filter(({ planned }) => planned.key.vehicle === vehicle)
      .map(({ planned, blocks }) => ({ ...planned.key, ranges: seqsOf(blocks) }));
    const unknown = unknownOf(fromWire(request.inventory?.settled ?? []), { ledger: lines, waiting });
    const comparedBy = this.#comparedBy();
    const resend = comparedBy === 0n ? [] : unknown;
    this.#noteInventory(vehicle, {
      onBoard: mergeLines([...onBoard, ...unknown]),
      durable: fromWire(request.inventory?.durable ?? []),
    });
    this.#noteResend(vehicle, resend);
    const within = (pick: "committed" | "quarantined") =>
      onBoard.map((wanted) => {
        const line = lines.find((entry) => entry.epoch === wanted.epoch && entry.class === wanted.class);
        return { ...wanted, ranges: line === undefined ? none : intersect(line[pick], wanted.ranges) };
      });
    return create(LedgerAnswerSchema, {
      committed: toWire(within("committed")),
      quarantined: toWire(within("quarantined")),
      passed: this.#passedOnWire(),
      resend: toWire(resend),
      comparedBy,
    });
  }

  /** Makes ledger lines and places durable. */
  async flush(): Promise<void> {
    const { store, clock } = this.#ports;
    // Lines first: a place without its lines would skip what the ledger does not know.
    const places = this.#passed();
    const lines = this.#ledger.takeChanged();
    try {
      if (lines.length > 0) await store.saveLedger(lines);
      for (const [partition, checkpoint] of this.#checkpoints) {
        const newest = checkpoint.places.at(-1);
        if (newest?.live === places.live && newest.backfill === places.backfill) continue;
        const extended = extendCheckpoint(checkpoint, { atNs: clock.wallNs(), ...places });
        await store.saveCheckpoint(extended);
        this.#checkpoints.set(partition, extended);
      }
    } catch (error) {
      this.#ledger.giveBack(lines);
      throw asFault(error, "store_failed");
    }
  }

  /** Tells every registered session how far the log is worked through, for verdicts that were lost on their way. */
  tellPassed(): void {
    this.#tell(
      [...this.#sessions.all()].map(([vehicle, address]) => ({ vehicle, address, committed: [], quarantined: [] })),
    );
  }

  #isWanted({ place }: LogMessage): boolean {
    const plan = this.#plans.get(place.partition);
    return plan !== undefined && place.sequence > plan.from[place.lane];
  }

  #isReplayed({ place }: Delivery): boolean {
    return place.sequence <= (this.#plans.get(place.partition)?.committedTo[place.lane] ?? 0);
  }

  /** Unpacks in order; a message that names shapes unknown here is unpacked again once they were looked up. */
  async #unpackAll(messages: readonly LogMessage[]): Promise<Unpacked[]> {
    const all: Unpacked[] = [];
    for (const message of messages) all.push(await this.#unpackOne(message));
    return all;
  }

  /** A batch names the first shape it lacks only: as long as that one is found, another may follow. */
  async #unpackOne(message: LogMessage): Promise<Unpacked> {
    const sought = new Set<ShapeHash>();
    while (true) {
      const unpacked = unpack(message, this.#shapes);
      const wanted = unpacked.missing.difference(sought);
      if (wanted.size === 0) return unpacked;
      for (const hash of wanted) {
        sought.add(hash);
        await this.#findShape(hash);
      }
    }
  }

  async #findShape(hash: ShapeHash): Promise<void> {
    const definition = await this.#writer.untilItAnswers("look up a shape", () => this.#ports.shapes.find(hash));
    if (definition === undefined) return;
    try {
      this.#shapes.add(decodeShape(definition));
    } catch (error) {
      this.#ports.log.error("Cannot read a shape of the bucket", { hash, error: asFault(error).message });
    }
  }

  async #loadLedgers(vehicles: ReadonlySet<VehicleId>): Promise<void> {
    for (const vehicle of vehicles) {
      if (this.#ledger.has(vehicle)) continue;
      const entries = await this.#writer.untilItAnswers("load a ledger", () => this.#ports.store.ledger(vehicle));
      // Two callers may have waited for the same vehicle: the first one's lines stay.
      if (!this.#ledger.has(vehicle)) this.#ledger.load(vehicle, entries);
    }
  }

  async #writeFresh(planned: readonly Planned[]): Promise<Verdict[]> {
    const decoded = planned.flatMap((one) =>
      "blocks" in one.delivery.content ? [{ one, blocks: rowsWithin(one.delivery.content.blocks, one.fresh) }] : []
    );
    const outcome = await this.#writer.write(
      decoded.flatMap(({ one, blocks }) => blocks.map((block) => rowBlockOf(one, block))),
    );
    const verdicts: Verdict[] = [];
    for (const one of planned) {
      if ("fault" in one.delivery.content) {
        verdicts.push(await this.#keepAside(one, one.fresh, one.delivery.content.fault.code));
      }
    }
    for (const { one, blocks } of decoded) verdicts.push(...await this.#decide(one, blocks, outcome));
    return verdicts;
  }

  /** Verdicts on written blocks: what a suspended table has not shown waits, what the store refused is kept aside. */
  async #decide(
    one: Planned,
    blocks: readonly Block[],
    outcome: { suspended: ReadonlySet<StreamName>; refused: ReadonlySet<Block> },
  ): Promise<Verdict[]> {
    const refused = seqsOf(blocks.filter((block) => outcome.refused.has(block)));
    const suspended = blocks.filter((block) =>
      outcome.suspended.has(block.shape.stream) && !outcome.refused.has(block)
    );
    const held = seqsOf(suspended);
    const committed = subtract(subtract(one.fresh, refused), held);
    const nowNs = this.#ports.clock.wallNs();
    const verdicts: Verdict[] = [];
    if (committed.length > 0) {
      this.#ledger.commit(one.key, committed, nowNs);
      absorbOwnRecords(one.key.vehicle, rowsWithin(blocks, committed), { ledger: this.#ledger, nowNs });
      verdicts.push(this.#verdict(one, { committed, quarantined: none }));
    }
    if (refused.length > 0) verdicts.push(await this.#keepAside(one, refused, "store_failed"));
    if (held.length > 0) verdicts.push(...await this.#hold(one, suspended));
    return verdicts;
  }

  async #hold(one: Planned, blocks: readonly Block[]): Promise<Verdict[]> {
    const bytes = this.#waiting.reduce((sum, { planned }) => sum + planned.delivery.bytes.byteLength, 0);
    if (bytes > waitingBytesMax) return [await this.#keepAside(one, seqsOf(blocks), "table_suspended")];
    this.#ledger.hold(one.key, seqsOf(blocks), this.#ports.clock.wallNs());
    this.#waiting.push({ planned: one, blocks, sinceMs: this.#ports.clock.uptimeMs() });
    this.counts.waiting = this.#waiting.length;
    return [];
  }

  async #retryOne(waiting: Waiting): Promise<Verdict[]> {
    const { planned, sinceMs } = waiting;
    const seqs = seqsOf(waiting.blocks);
    // The same records may have come twice and waited twice: what was decided about the first copy stands.
    const open = seqs.flatMap((range) => this.#ledger.undecided(planned.key, range));
    if (open.length === 0) return [this.#decided(planned, seqs)];
    const blocks = rowsWithin(waiting.blocks, open);
    if (this.#ports.clock.uptimeMs() - sinceMs >= suspendedMaxMs) {
      return [await this.#keepAside(planned, open, "table_suspended")];
    }
    const outcome = await this.#writer.write(blocks.map((block) => rowBlockOf(planned, block)));
    const still = blocks.filter((block) => outcome.suspended.has(block.shape.stream));
    if (still.length > 0) this.#waiting.push({ planned, blocks: still, sinceMs });
    const shown = blocks.filter((block) => !outcome.suspended.has(block.shape.stream));
    if (shown.length === 0) return [];
    return await this.#decide({ ...planned, fresh: seqsOf(shown) }, shown, { ...outcome, suspended: new Set() });
  }

  /** Repeats: what equals the stored rows gets its verdict again, what differs is kept aside and changes nothing. */
  async #checkRepeats(planned: readonly Planned[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const one of planned) {
      const committed = intersect(this.#lineOf(one)?.committed ?? none, one.repeated);
      if (committed.length > 0 && "blocks" in one.delivery.content) {
        await this.#compare(one, rowsWithin(one.delivery.content.blocks, committed));
      }
      verdicts.push(this.#decided(one, one.repeated));
    }
    return verdicts;
  }

  /** The verdict that the ledger has of seqs of a batch. */
  #decided(one: Planned, seqs: Ranges): Verdict {
    const line = this.#lineOf(one);
    const committed = intersect(line?.committed ?? none, seqs);
    const quarantined = intersect(line?.quarantined ?? none, seqs);
    return this.#verdict(one, { committed, quarantined });
  }

  #lineOf({ key }: Planned): LedgerEntry | undefined {
    return this.#ledger.linesOf(key.vehicle).find((entry) => entry.epoch === key.epoch && entry.class === key.class);
  }

  async #compare(one: Planned, blocks: readonly Block[]): Promise<void> {
    const rows = blocks.map((block) => rowBlockOf(one, block));
    const { different } = await this.#writer.untilItAnswers("compare a repeat", () => this.#ports.store.compare(rows));
    if (different.length === 0) return;
    this.counts.quarantined++;
    await this.#writer.quarantine(quarantineEntryOf(one.delivery, { code: "different_body", ranges: different }));
  }

  async #keepAside(one: Planned, ranges: Ranges, code: Code): Promise<Verdict> {
    await this.#writer.quarantine(quarantineEntryOf(one.delivery, { code, ranges }));
    this.#ledger.quarantine(one.key, ranges, this.#ports.clock.wallNs());
    this.counts.quarantined++;
    return this.#verdict(one, { committed: none, quarantined: ranges });
  }

  #verdict(one: Planned, ranges: { committed: Ranges; quarantined: Ranges }): Verdict {
    const { relay } = one.delivery;
    const line = (set: Ranges) => set.length === 0 ? [] : [{ epoch: one.key.epoch, class: one.key.class, ranges: set }];
    return {
      vehicle: one.key.vehicle,
      address: this.#sessions.addressOf(one.key.vehicle) ?? relay,
      committed: line(ranges.committed),
      quarantined: line(ranges.quarantined),
    };
  }

  /** When this owner began; 0 while the log may hold what the ledger lacks. */
  #comparedBy(): bigint {
    const isPast = (lane: TelemetryLane) => this.#reached[lane] >= (this.#ends.get(lane) ?? Infinity);
    return isPast("live") && isPast("backfill") ? this.#beganNs : 0n;
  }

  #noteResend(vehicle: VehicleId, resend: readonly LineRanges[]): void {
    const records = resend.reduce((sum, { ranges }) => sum + countOf(ranges), 0);
    if (records === 0) return;
    this.counts.askedAgain += records;
    this.#ports.log.warn("The ledger lacks what a vehicle has a verdict for, asking for it again", {
      vehicle,
      records,
    });
  }

  #noteInventory(
    vehicle: VehicleId,
    { onBoard, durable }: { onBoard: readonly LineRanges[]; durable: readonly LineRanges[] },
  ): void {
    const nowNs = this.#ports.clock.wallNs();
    for (const line of this.#ledger.linesOf(vehicle)) this.#ledger.setOnBoard({ ...line, vehicle }, none, nowNs);
    for (const line of onBoard) this.#ledger.setOnBoard({ ...line, vehicle }, line.ranges, nowNs);
    for (const line of durable) this.#ledger.expect({ ...line, vehicle }, line.ranges.at(-1)?.last ?? 0, nowNs);
  }

  #reach(messages: readonly LogMessage[]): void {
    const furthest = (lane: "live" | "backfill") =>
      messages.filter(({ place }) => place.lane === lane).reduce(
        (most, { place }) => Math.max(most, place.sequence),
        this.#reached[lane],
      );
    this.#reached = { live: furthest("live"), backfill: furthest("backfill") };
  }

  #passed(): LanePlaces {
    return passedOf(this.#reached, this.#waiting.map(({ planned }) => planned.delivery.place));
  }

  #passedOnWire(): { live: bigint; backfill: bigint } {
    const { live, backfill } = this.#passed();
    return { live: BigInt(live), backfill: BigInt(backfill) };
  }

  #count(planned: readonly Planned[], unreadable: number): void {
    this.counts.batches += planned.length;
    this.counts.quarantined += unreadable;
    for (const { fresh, repeated } of planned) {
      this.counts.rows += fresh.reduce((sum, range) => sum + range.last - range.first + 1, 0);
      if (repeated.length > 0) this.counts.repeated++;
    }
  }

  #tell(verdicts: readonly Verdict[]): void {
    for (const { to, notice } of noticesOf(verdicts, this.#passed())) this.#ports.verdicts.publish(to, notice);
  }
}

function rowBlockOf({ key, delivery }: Planned, block: Block): RowBlock {
  return {
    vehicle: key.vehicle,
    epoch: key.epoch,
    class: key.class,
    clockOffsetNs: delivery.header.clockOffsetNs,
    block,
  };
}
