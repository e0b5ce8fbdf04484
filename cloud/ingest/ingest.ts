/**
 * The owner's work on one commit: unpack, plan, write, decide, tell.
 *
 *     messages -> unpack -> plan -> write -> verdicts -> ledger (memory) -> notices
 *                   |         |        |- suspended: waits, is tried again, after 60 s kept aside
 *                   |         |        `- refused: kept aside
 *                   |         `- repeat: compared; equal -> verdict again, different -> kept aside
 *                   `- faulty: kept aside, by the same write
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
import type { QuarantineAnswer, QuarantineRequest } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import type { Block } from "#proto/batch.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault } from "#proto/errors.ts";
import { parseRelayName, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { countOf, intersect, none, type Ranges, subtract } from "#proto/ranges.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { accountPages } from "../lib/completeness/account_pages.ts";
import { markOf } from "../lib/completeness/time_marks.ts";
import { quarantinePageMax } from "../lib/store/limits.ts";
import { quarantineId } from "../lib/store/quarantine_documents.ts";
import type { Checkpoint, KeptAside, QuarantineEntry, Store } from "../lib/store/store.ts";
import {
  type Aside,
  causeOf,
  coveredBy,
  damageOf,
  type Decoded,
  decodedOf,
  keptAside,
  refusedAside,
  suspendedAside,
  unstorableOf,
  withoutRows,
} from "./aside.ts";
import { FleetFigures, type LedgerFigures } from "./fleet_figures.ts";
import { Held } from "./held.ts";
import { Ledger } from "./ledger.ts";
import { type LinkReport, Links } from "./links.ts";
import { countedVehiclesMax, ledgerVehiclesMax, shapesMax, suspendedMaxMs, waitingBytesMax } from "./limits.ts";
import type { LogMessage, Place } from "./log_message.ts";
import { absorbOwnRecords } from "./own_records.ts";
import type { LanePlaces, LogExtent } from "./places.ts";
import { lineOf, planCommit, type Planned } from "./plan.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { unreadableAsideOf, unreadableVehicle } from "./quarantine.ts";
import { answerQuarantine } from "./quarantine_answer.ts";
import { Repeats } from "./repeats.ts";
import { unknownOf } from "./resend.ts";
import { rowBlockOf, rowsWithin, seqsOf } from "./rows.ts";
import { SecondLook } from "./second_look.ts";
import { Sessions } from "./sessions.ts";
import { ShapeBook } from "./shape_book.ts";
import { StoreWriter, type Written } from "./store_writer.ts";
import { type TakeOver, Tenures } from "./tenures.ts";
import { openBatch, unpack, type Unpacked } from "./unpack.ts";
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
  readonly #held = new Held(ledgerVehiclesMax);
  readonly #secondLook: SecondLook;
  readonly #tenures = new Tenures();
  #waiting: Waiting[] = [];

  constructor(ports: IngestPorts) {
    this.#ports = ports;
    this.#writer = new StoreWriter(ports);
    this.#secondLook = new SecondLook({
      ...ports,
      ledger: this.#ledger,
      links: this.#links,
      loadLedger: (vehicle) => this.#loadLedgers(new Set([vehicle])),
      open: (batch) => this.#knowingShapes(() => openBatch(batch, this.#shapes)),
    });
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
      this.#held.forget(partition);
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
    await this.#loadHeld(unpacked);
    const planned = planCommit(deliveries, {
      ledger: this.#ledger,
      replayed: ({ place }) => this.#tenures.isReplayed(place),
      held: (one) => this.#held.unstoredOf(one.relay.vehicle, one),
    });

    const unreadable = wanted.flatMap((message, at) => this.#unreadableOf(message, unpacked[at]));
    const repeats = new Repeats(planned.filter((one) => one.repeated.length > 0));
    // What a replay is about to write may be missing until then: repeats of it must not be held against nothing.
    const different = deliveries.some(({ place }) => this.#tenures.isReplayed(place))
      ? []
      : await this.#differencesOf(repeats);
    const fresh = await this.#writeFresh(planned, { different, unreadable });
    const repeated = await this.#checkRepeats(repeats);

    this.#tenures.reach(messages);
    this.#count(planned, unreadable.length);
    this.#tell([...fresh, ...repeated]);
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

  /** Decides about a batch that was kept aside as an operator wants it, or answers why not. */
  async decide(request: QuarantineRequest): Promise<QuarantineAnswer> {
    return await answerQuarantine(request, this.#secondLook);
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

  /** Unpacks in order. What was sought in vain is not sought again in this commit: unknown shapes come in numbers. */
  async #unpackAll(messages: readonly LogMessage[]): Promise<Unpacked[]> {
    const sought = new Set<ShapeHash>();
    const all: Unpacked[] = [];
    for (const message of messages) {
      all.push(await this.#knowingShapes(() => unpack(message, this.#shapes), sought));
    }
    return all;
  }

  /**
   * Opens again as long as shapes that were unknown are found: a batch names the first one it lacks only.
   */
  async #knowingShapes<T extends { readonly missing: ReadonlySet<ShapeHash> }>(
    open: () => T,
    sought = new Set<ShapeHash>(),
  ): Promise<T> {
    while (true) {
      const opened = open();
      let found = false;
      for (const hash of opened.missing.difference(sought)) {
        sought.add(hash);
        if (await this.#findShape(hash)) found = true;
      }
      // What was sought in vain would only be missed once more, and what lies beside it be decoded twice.
      if (!found) return opened;
    }
  }

  async #findShape(hash: ShapeHash): Promise<boolean> {
    const definition = await this.#writer.untilItAnswers("look up a shape", () => this.#ports.shapes.find(hash));
    if (definition === undefined) return false;
    try {
      this.#shapes.add(decodeShape(definition));
      return true;
    } catch (error) {
      this.#ports.log.error("Cannot read a shape of the bucket", { hash, error: asFault(error).message });
      return false;
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

  /** Loads what quarantine holds of messages that may have been worked by a former owner. */
  async #loadHeld(unpacked: readonly Unpacked[]): Promise<void> {
    const items = unpacked.flatMap(({ deliveries, unreadable }) => [...deliveries, ...unreadable]);
    for (const { place, relay } of items) {
      const vehicle = relay?.vehicle ?? unreadableVehicle;
      if (!this.#tenures.isFromBefore(place) || this.#held.has(vehicle)) continue;
      this.#held.load(vehicle, await this.#entriesOf(vehicle));
    }
  }

  async #entriesOf(vehicle: VehicleId): Promise<QuarantineEntry[]> {
    const behind = this.#tenures.oldestRead;
    const entries: QuarantineEntry[] = [];
    while (true) {
      const last = entries.at(-1);
      const query = { behind, limit: quarantinePageMax, ...(last && { after: quarantineId(last) }) };
      const ask = () => this.#ports.store.quarantined(vehicle, query);
      const page = await this.#writer.untilItAnswers("read the quarantine", ask);
      entries.push(...page.entries);
      if (!page.more) return entries;
    }
  }

  #unreadableOf(message: LogMessage, { unreadable }: Unpacked): KeptAside[] {
    return unreadable
      .filter((one) => !this.#held.holds(one.relay?.vehicle ?? unreadableVehicle, one))
      .map((one) => unreadableAsideOf(message, one));
  }

  /** What is known to be bad is kept aside by the commit that stores the rest, so before any verdict on it. */
  async #writeFresh(
    planned: readonly Planned[],
    { different, unreadable }: { different: readonly Aside[]; unreadable: readonly KeptAside[] },
  ): Promise<Verdict[]> {
    const decoded = planned.filter((one) => one.fresh.length > 0).flatMap(decodedOf);
    const bad = [...different, ...planned.flatMap(damageOf), ...decoded.flatMap(unstorableOf)];
    const storable = decoded.map((one) => withoutRows(one, bad));
    const written = await this.#writer.write(
      storable.flatMap(({ planned, blocks }) => blocks.map((block) => rowBlockOf(planned, block))),
      [...bad.map(keptAside), ...unreadable],
    );
    const held = planned.filter((one) => one.held.length > 0).map((one) => this.#quarantineRows(one, one.held));
    const verdicts = bad.map((one) => this.#noteAside(one));
    return [...held, ...verdicts, ...await this.#decide(storable, written)];
  }

  /** Verdicts on written blocks: what a suspended table has not shown waits, what the store refused is kept aside. */
  async #decide(decoded: readonly Decoded[], written: Written): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    const aside: Aside[] = [];
    for (const { planned, blocks } of decoded) {
      const refused = blocks.filter((block) => written.refused.has(block));
      const suspended = blocks.filter((block) =>
        written.suspended.has(block.shape.stream) && !written.refused.has(block)
      );
      const shown = blocks.filter((block) => !refused.includes(block) && !suspended.includes(block));
      if (shown.length > 0) verdicts.push(this.#commitRows(planned, shown));
      if (refused.length > 0) aside.push(refusedAside(planned, refused, written));
      if (suspended.length > 0) aside.push(...this.#hold(planned, suspended));
    }
    return [...verdicts, ...await this.#keepAside(aside)];
  }

  #commitRows(planned: Planned, blocks: readonly Block[]): Verdict {
    const committed = coveredBy(planned.fresh, blocks);
    const nowNs = this.#ports.clock.wallNs();
    const span = { first: committed[0].first, last: committed[committed.length - 1].last };
    const { clockOffsetNs: offsetNs } = planned.delivery.header;
    const mark = markOf(span, { times: blocks.map(({ ts }) => ts), offsetNs });
    this.#ledger.commit(planned.key, committed, nowNs, mark);
    absorbOwnRecords(planned.delivery, blocks, { ledger: this.#ledger, links: this.#links, nowNs });
    this.counts.rows += countOf(committed);
    return this.#verdict(planned, { committed, quarantined: none });
  }

  /** Lets blocks wait for their table; what there is no room for is to be kept aside. */
  #hold(planned: Planned, blocks: readonly Block[]): Aside[] {
    const bytes = this.#waiting.reduce((sum, one) => sum + one.planned.delivery.bytes.byteLength, 0);
    if (bytes > waitingBytesMax) return [suspendedAside(planned, blocks)];
    this.#ledger.hold(planned.key, seqsOf(blocks), this.#ports.clock.wallNs());
    this.#waiting.push({ planned, blocks, sinceMs: this.#ports.clock.uptimeMs() });
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
      return await this.#keepAside([suspendedAside(planned, blocks)]);
    }
    const written = await this.#writer.write(blocks.map((block) => rowBlockOf(planned, block)));
    const still = blocks.filter((block) => written.suspended.has(block.shape.stream));
    if (still.length > 0) this.#waiting.push({ planned, blocks: still, sinceMs });
    const shown = blocks.filter((block) => !written.suspended.has(block.shape.stream));
    if (shown.length === 0) return [];
    const decoded = { planned: { ...planned, fresh: seqsOf(shown) }, blocks: shown };
    return await this.#decide([decoded], { ...written, suspended: new Set() });
  }

  /** Repeats: what equals the stored rows gets its verdict again, what differs is kept aside and changes nothing. */
  async #checkRepeats(repeats: Repeats): Promise<Verdict[]> {
    await this.#keepAside(await this.#differencesOf(repeats));
    return repeats.all.map((one) => this.#decided(one, one.repeated));
  }

  /** The verdict that the ledger has of seqs of a batch. */
  #decided(one: Planned, seqs: Ranges): Verdict {
    const line = lineOf(one.key, this.#ledger);
    const committed = intersect(line?.committed ?? none, seqs);
    const quarantined = intersect(line?.quarantined ?? none, seqs);
    return this.#verdict(one, { committed, quarantined });
  }

  /** Compares what is stored by now and was not compared before. */
  async #differencesOf(repeats: Repeats): Promise<Aside[]> {
    const aside: Aside[] = [];
    for (const one of repeats.all) {
      const committed = intersect(lineOf(one.key, this.#ledger)?.committed ?? none, one.repeated);
      aside.push(...await this.#differenceOf(one, repeats.takeUnchecked(one, committed)));
    }
    return aside;
  }

  async #differenceOf(planned: Planned, committed: Ranges): Promise<Aside[]> {
    const { key, delivery } = planned;
    const unknown = subtract(committed, this.#held.allOf(key.vehicle, delivery));
    if (unknown.length === 0) return [];
    if ("fault" in delivery.content) {
      return [{ planned, cause: { ...causeOf(delivery.content.fault), ranges: unknown } }];
    }
    const rows = rowsWithin(delivery.content.blocks, unknown).map((block) => rowBlockOf(planned, block));
    const found = await this.#writer.untilItAnswers("compare a repeat", () => this.#ports.store.compare(rows));
    const lost = this.#tenures.isDoubtful(delivery.place) ? found.missing : none;
    if (lost.length > 0) {
      await this.#writer.write(rowsWithin(delivery.content.blocks, lost).map((block) => rowBlockOf(planned, block)));
    }
    const different = subtract(found.different, lost);
    if (different.length === 0) return [];
    const reason = "A repeat differs from the rows that are stored under its keys";
    return [{ planned, cause: { code: "different_body", reason, ranges: different } }];
  }

  /** Keeps parts of batches aside; only then has what was fresh of them its verdict. */
  async #keepAside(aside: readonly Aside[]): Promise<Verdict[]> {
    await this.#writer.keep(aside.map(keptAside));
    return aside.map((one) => this.#noteAside(one));
  }

  #noteAside({ planned, cause }: Aside): Verdict {
    this.counts.quarantined++;
    return this.#quarantineRows(planned, intersect(cause.ranges, planned.fresh));
  }

  #quarantineRows(planned: Planned, quarantined: Ranges): Verdict {
    if (quarantined.length > 0) this.#ledger.quarantine(planned.key, quarantined, this.#ports.clock.wallNs());
    return this.#verdict(planned, { committed: none, quarantined });
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
    this.counts.repeated += planned.filter(({ repeated }) => repeated.length > 0).length;
  }

  #tell(verdicts: readonly Verdict[]): void {
    for (const { to, notice } of noticesOf(verdicts, (partition) => this.#passedOf(partition))) {
      this.#ports.verdicts.publish(to, notice);
    }
  }
}
