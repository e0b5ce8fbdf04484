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
import {
  type LedgerAnswer,
  LedgerAnswerSchema,
  type LedgerRequest,
  OwnerNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Block } from "#proto/batch.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault, type Code } from "#proto/errors.ts";
import { parseRelayName, parseVehicleId, type StreamName, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { countOf, intersect, none, type Ranges, subtract } from "#proto/ranges.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import type { Checkpoint, RowBlock, Store } from "../lib/store/store.ts";
import { accountPages } from "../lib/completeness/account_pages.ts";
import { markOf } from "../lib/completeness/time_marks.ts";
import { FleetFigures, type LedgerFigures } from "./fleet_figures.ts";
import { Ledger } from "./ledger.ts";
import { type LinkReport, Links } from "./links.ts";
import { countedVehiclesMax, ledgerVehiclesMax, shapesMax, suspendedMaxMs, waitingBytesMax } from "./limits.ts";
import type { LogMessage, Place } from "./log_message.ts";
import { absorbOwnRecords } from "./own_records.ts";
import type { LanePlaces, LogExtent } from "./places.ts";
import { planCommit, type Planned } from "./plan.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { unknownOf } from "./resend.ts";
import { quarantineEntryOf, unreadableEntryOf } from "./quarantine.ts";
import { rowsWithin, seqsOf } from "./rows.ts";
import { Sessions } from "./sessions.ts";
import { ShapeBook } from "./shape_book.ts";
import { StoreWriter } from "./store_writer.ts";
import { type TakeOver, Tenures } from "./tenures.ts";
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
  /** Partitions that are owned now. */
  partitions: number;
  /** Messages that the log had lost before a take-over wanted them: at most so many. */
  missed: number;
}

/** See the head of this file. One commit at a time: the caller awaits each call. */
export class Ingest {
  readonly counts: IngestCounts = {
    batches: 0,
    rows: 0,
    repeated: 0,
    quarantined: 0,
    askedAgain: 0,
    waiting: 0,
    partitions: 0,
    missed: 0,
  };
  readonly #ports: IngestPorts;
  readonly #ledger = new Ledger(ledgerVehiclesMax);
  readonly #links = new Links(ledgerVehiclesMax);
  readonly #figures = new FleetFigures(countedVehiclesMax);
  readonly #shapes = new ShapeBook(shapesMax);
  readonly #sessions = new Sessions(ledgerVehiclesMax);
  readonly #writer: StoreWriter;
  readonly #tenures = new Tenures();
  #waiting: Waiting[] = [];

  constructor(ports: IngestPorts) {
    this.#ports = ports;
    this.#writer = new StoreWriter(ports);
  }

  /** Why the store does not work at the moment; undefined while it does. */
  get failing(): string | undefined {
    return this.#writer.failing;
  }

  /** Takes over partitions; all that is known of them is what the store holds. */
  async own(partitions: readonly number[], { log }: { log: LogExtent }): Promise<TakeOver> {
    const { store, clock } = this.#ports;
    this.disown(partitions);
    const life = await store.life();
    const known = new Map<number, Checkpoint | undefined>();
    for (const partition of partitions) known.set(partition, await store.checkpoint(partition));
    const accounts = (await Array.fromAsync(accountPages(store))).flat();
    // Nothing is taken over before all is read: a store that fails on the way must not leave half an owner.
    this.#figures.take(accounts.filter(({ vehicle }) => partitions.includes(partitionOf(vehicle))));
    const takeOver = this.#tenures.take(known, { life, log, beganNs: clock.wallNs() });
    this.counts.partitions = this.#tenures.count;
    const { replay, unread } = takeOver.missed;
    this.counts.missed += replay + unread;
    if (replay + unread > 0) {
      this.#ports.log.error("The log has lost messages that are wanted", { replay, unread, first: log.first });
    }
    return takeOver;
  }

  /** Forgets partitions that others may own from now on. What was not flushed is in the log still. */
  disown(partitions: readonly number[]): void {
    this.#tenures.leave(partitions);
    this.counts.partitions = this.#tenures.count;
    this.#waiting = this.#waiting.filter(({ planned }) => !partitions.includes(planned.delivery.place.partition));
    this.counts.waiting = this.#waiting.length;
    for (const partition of partitions) {
      this.#ledger.forget(partition);
      this.#figures.forget(partition);
      this.#sessions.forget(partition);
    }
  }

  /** What the ledgers of the vehicles owned add up to, as of the last flush. */
  get figures(): LedgerFigures {
    return this.#figures.figures(this.#ports.clock.wallNs());
  }

  /** Partitions that were taken over before the store was started again: they want to be owned anew, for a replay. */
  async ownedBeforeRestart(): Promise<number[]> {
    return this.#tenures.heldBefore(await this.#ports.store.life());
  }

  /** A lane of a tenure ended at a place when its reader began. */
  handleLaneEnd(tenure: number, end: { lane: TelemetryLane; sequence: number }): void {
    this.#tenures.handleLaneEnd(tenure, end);
  }

  /** Tells all relays which tenures compare inventories. Call every `ownerIntervalMs`. */
  announce(): void {
    for (const comparing of this.#tenures.comparing()) {
      this.#ports.verdicts.announce(create(OwnerNoticeSchema, comparing));
    }
  }

  /** Works one group of messages to its verdicts. Waits for the store as long as it takes. */
  async commit(messages: readonly LogMessage[]): Promise<void> {
    const wanted = messages.filter((message) => this.#tenures.isWanted(message));
    const unpacked = await this.#unpackAll(wanted);
    const deliveries = unpacked.flatMap((one) => one.deliveries);
    await this.#loadLedgers(new Set(deliveries.map(({ relay }) => relay.vehicle)));
    const nowNs = this.#ports.clock.wallNs();
    for (const { relay } of deliveries) this.#ledger.hear(relay.vehicle, nowNs);
    const planned = planCommit(deliveries, {
      ledger: this.#ledger,
      replayed: ({ place }) => this.#tenures.isReplayed(place),
    });

    const fresh = await this.#writeFresh(planned.filter((one) => one.fresh.length > 0));
    const repeats = await this.#checkRepeats(planned.filter((one) => one.repeated.length > 0));
    const unreadable = wanted.flatMap((message, at) =>
      unpacked[at].unreadable.map((one) => unreadableEntryOf(message, one))
    );
    for (const entry of unreadable) await this.#writer.quarantine(entry);

    this.#tenures.reach(messages);
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
    const comparedBy = this.#tenures.comparedBy(partitionOf(vehicle));
    const resend = comparedBy === 0n ? [] : unknown;
    this.#ledger.takeInventory(vehicle, {
      onBoard: mergeLines([...onBoard, ...unknown]),
      durable: fromWire(request.inventory?.durable ?? []),
      through: { relay: parseRelayName(request.relay), session: request.session.toHex() },
    }, this.#ports.clock.wallNs());
    this.#noteResend(vehicle, resend);
    const within = (pick: "committed" | "quarantined") =>
      onBoard.map((wanted) => {
        const line = lines.find((entry) => entry.epoch === wanted.epoch && entry.class === wanted.class);
        return { ...wanted, ranges: line === undefined ? none : intersect(line[pick], wanted.ranges) };
      });
    return create(LedgerAnswerSchema, {
      committed: toWire(within("committed")),
      quarantined: toWire(within("quarantined")),
      passed: this.#passedOnWire(partitionOf(vehicle)),
      resend: toWire(resend),
      comparedBy,
    });
  }

  /** A relay told of links. */
  noteLinks(reports: readonly LinkReport[]): void {
    const nowNs = this.#ports.clock.wallNs();
    for (const report of reports) {
      const link = this.#links.take(report, nowNs);
      if (link !== undefined) this.#ledger.noteLink(report.vehicle, { session: report.session, link }, nowNs);
    }
  }

  /**
   * Makes ledger lines and places durable. In a new life of the store there is no new place for those who were there before:
   * what it has forgotten must be written again first.
   */
  async flush(): Promise<void> {
    const { store, clock } = this.#ports;
    const life = await store.life();
    // Lines first: a place without its lines would skip what the ledger does not know.
    const due = this.#tenures.due({ atNs: clock.wallNs(), life }, this.#waitingPlaces());
    const changes = this.#ledger.takeChanged(clock.wallNs());
    this.#figures.take(changes.accounts);
    try {
      if (changes.accounts.length > 0) await store.saveLedger(changes.lines, changes.accounts);
      if (due.length > 0) await store.saveCheckpoints(due);
    } catch (error) {
      this.#ledger.giveBack(changes);
      throw asFault(error, "store_failed");
    }
    for (const checkpoint of due) this.#tenures.handleSaved(checkpoint);
  }

  /** Tells every registered session how far the log is worked through, for verdicts that were lost on their way. */
  tellPassed(): void {
    this.#tell(
      [...this.#sessions.all()].map((
        [vehicle, address],
      ) => ({ vehicle, address, committed: [], quarantined: [] })),
    );
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
      const { store } = this.#ports;
      const read = () => Promise.all([store.ledger(vehicle), store.account(vehicle)]);
      const [entries, account] = await this.#writer.untilItAnswers("load a ledger", read);
      // Two callers may have waited for the same vehicle: the first one's lines stay.
      if (!this.#ledger.has(vehicle)) this.#ledger.load(vehicle, entries, account);
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
      const shown = rowsWithin(blocks, committed);
      const span = { first: committed[0].first, last: committed[committed.length - 1].last };
      const { clockOffsetNs: offsetNs } = one.delivery.header;
      const mark = markOf(span, { times: shown.map(({ ts }) => ts), offsetNs });
      this.#ledger.commit(one.key, committed, nowNs, mark);
      absorbOwnRecords(one.delivery, shown, { ledger: this.#ledger, links: this.#links, nowNs });
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
    const { planned, blocks, sinceMs } = waiting;
    if (this.#ports.clock.uptimeMs() - sinceMs >= suspendedMaxMs) {
      return [await this.#keepAside(planned, seqsOf(blocks), "table_suspended")];
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
      const line = this.#ledger.linesOf(one.key.vehicle).find((entry) =>
        entry.epoch === one.key.epoch && entry.class === one.key.class
      );
      const committed = intersect(line?.committed ?? none, one.repeated);
      const quarantined = intersect(line?.quarantined ?? none, one.repeated);
      if (committed.length > 0 && "blocks" in one.delivery.content) {
        await this.#compare(one, rowsWithin(one.delivery.content.blocks, committed));
      }
      verdicts.push(this.#verdict(one, { committed, quarantined }));
    }
    return verdicts;
  }

  async #compare(one: Planned, blocks: readonly Block[]): Promise<void> {
    const rows = blocks.map((block) => rowBlockOf(one, block));
    const found = await this.#writer.untilItAnswers("compare a repeat", () => this.#ports.store.compare(rows));
    const lost = this.#tenures.isDoubtful(one.delivery.place) ? found.missing : none;
    if (lost.length > 0) await this.#writer.write(rowsWithin(blocks, lost).map((block) => rowBlockOf(one, block)));
    const different = subtract(found.different, lost);
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

  #noteResend(vehicle: VehicleId, resend: readonly LineRanges[]): void {
    const records = resend.reduce((sum, { ranges }) => sum + countOf(ranges), 0);
    if (records === 0) return;
    this.counts.askedAgain += records;
    this.#ports.log.warn("The ledger lacks what a vehicle has a verdict for, asking for it again", {
      vehicle,
      records,
    });
  }

  #waitingPlaces(): Place[] {
    return this.#waiting.map(({ planned }) => planned.delivery.place);
  }

  #passedOf(partition: number): LanePlaces | undefined {
    return this.#tenures.passed(partition, this.#waitingPlaces());
  }

  #passedOnWire(partition: number): { live: bigint; backfill: bigint } | undefined {
    const passed = this.#passedOf(partition);
    return passed && { live: BigInt(passed.live), backfill: BigInt(passed.backfill) };
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
    for (const { to, notice } of noticesOf(verdicts, (partition) => this.#passedOf(partition))) {
      this.#ports.verdicts.publish(to, notice);
    }
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
