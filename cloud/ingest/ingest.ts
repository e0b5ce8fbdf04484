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
import { type LedgerAnswer, LedgerAnswerSchema, type LedgerRequest } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { QuarantineAnswer, QuarantineRequest } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import type { Block } from "#proto/batch.ts";
import { asFault, type Fault } from "#proto/errors.ts";
import { parseRelayName, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { countOf, intersect, none, type Ranges, subtract, union } from "#proto/ranges.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import { quarantinePageMax } from "../lib/store/limits.ts";
import { findUnstorable } from "../lib/store/plan.ts";
import { quarantineId } from "../lib/store/quarantine_documents.ts";
import type { Checkpoint, KeptAside, QuarantineEntry, Store } from "../lib/store/store.ts";
import { Held } from "./held.ts";
import { Ledger } from "./ledger.ts";
import { ledgerVehiclesMax, shapesMax, suspendedMaxMs, waitingBytesMax } from "./limits.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import { absorbOwnRecords } from "./own_records.ts";
import { extendCheckpoint, isWithin, type LanePlaces, passedOf, type ReplayPlan, replayPlanOf } from "./places.ts";
import { lineOf, planCommit, type Planned } from "./plan.ts";
import type { ShapeSource, VerdictSink } from "./ports.ts";
import { type AsideCause, asideOf, unreadableAsideOf, unreadableVehicle } from "./quarantine.ts";
import { answerQuarantine } from "./quarantine_answer.ts";
import { rowBlockOf, rowsWithin, seqsOf } from "./rows.ts";
import { SecondLook } from "./second_look.ts";
import { Sessions } from "./sessions.ts";
import { ShapeBook } from "./shape_book.ts";
import { StoreWriter, type Written } from "./store_writer.ts";
import { openBatch, unpack, type Unpacked } from "./unpack.ts";
import { noticesOf, type Verdict } from "./verdicts.ts";
import { fromWire, toWire } from "./wire.ts";

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

/** Part of a batch that is kept aside. */
interface Aside {
  readonly planned: Planned;
  readonly cause: AsideCause;
}

/** A batch that has blocks, and those of them that are for the store. */
interface Decoded {
  readonly planned: Planned;
  readonly blocks: readonly Block[];
}

/** Counters for metrics; read, never written, from outside. */
export interface IngestCounts {
  batches: number;
  rows: number;
  repeated: number;
  quarantined: number;
  waiting: number;
}

/** See the head of this file. One commit at a time: the caller awaits each call. */
export class Ingest {
  readonly counts: IngestCounts = { batches: 0, rows: 0, repeated: 0, quarantined: 0, waiting: 0 };
  readonly #ports: IngestPorts;
  readonly #ledger = new Ledger(ledgerVehiclesMax);
  readonly #shapes = new ShapeBook(shapesMax);
  readonly #sessions = new Sessions(ledgerVehiclesMax);
  readonly #writer: StoreWriter;
  readonly #held = new Held(ledgerVehiclesMax);
  readonly #secondLook: SecondLook;
  readonly #plans = new Map<number, ReplayPlan>();
  /** Last message of the log when each partition was taken over: up to there others may have worked. */
  readonly #logEnds = new Map<number, number>();
  readonly #checkpoints = new Map<number, Checkpoint>();
  #reached: LanePlaces = { live: 0, backfill: 0 };
  #waiting: Waiting[] = [];

  constructor(ports: IngestPorts) {
    this.#ports = ports;
    this.#writer = new StoreWriter(ports);
    this.#secondLook = new SecondLook({
      ...ports,
      ledger: this.#ledger,
      loadLedger: (vehicle) => this.#loadLedgers(new Set([vehicle])),
      open: (batch) => this.#knowingShapes(() => openBatch(batch, this.#shapes)),
    });
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
      this.#plans.set(partition, replayPlanOf(checkpoint, options.replayMs));
      this.#logEnds.set(partition, options.logEnd);
    }
    const starts = [...this.#plans.values()].map((plan) => plan.from);
    this.#reached = {
      live: Math.min(...starts.map((from) => from.live)),
      backfill: Math.min(...starts.map((from) => from.backfill)),
    };
    return this.#reached;
  }

  /** Works one group of messages to its verdicts. Waits for the store as long as it takes. */
  async commit(messages: readonly LogMessage[]): Promise<void> {
    const wanted = messages.filter((message) => this.#isWanted(message));
    const unpacked = await this.#unpackAll(wanted);
    const deliveries = unpacked.flatMap((one) => one.deliveries);
    await this.#loadLedgers(new Set(deliveries.map(({ relay }) => relay.vehicle)));
    await this.#loadHeld(unpacked);
    const planned = planCommit(deliveries, {
      ledger: this.#ledger,
      replayed: (one) => this.#isReplayed(one),
      held: (one) => this.#held.unstoredOf(one.relay.vehicle, one),
    });

    const unreadable = wanted.flatMap((message, at) => this.#unreadableOf(message, unpacked[at]));
    const repeats = new Repeats(planned.filter((one) => one.repeated.length > 0));
    // What a replay is about to write may be missing until then: repeats of it must not be held against nothing.
    const different = deliveries.some((one) => this.#isReplayed(one)) ? [] : await this.#differencesOf(repeats);
    const fresh = await this.#writeFresh(planned, { different, unreadable });
    const repeated = await this.#checkRepeats(repeats);

    this.#reach(messages);
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

  /** Answers which ranges of an inventory have a verdict, and notes where the vehicle's verdicts go from now on. */
  async answer(request: LedgerRequest): Promise<LedgerAnswer> {
    const vehicle = parseVehicleId(request.vehicleId);
    await this.#loadLedgers(new Set([vehicle]));
    this.#sessions.register(vehicle, {
      relay: parseRelayName(request.relay),
      shard: request.shard,
      session: request.session,
    });
    const onBoard = fromWire(request.inventory?.onBoard ?? []);
    this.#noteInventory(vehicle, onBoard, fromWire(request.inventory?.durable ?? []));
    const lines = this.#ledger.linesOf(vehicle);
    const within = (pick: "committed" | "quarantined") =>
      onBoard.map((wanted) => {
        const line = lines.find((entry) => entry.epoch === wanted.epoch && entry.class === wanted.class);
        return { ...wanted, ranges: line === undefined ? none : intersect(line[pick], wanted.ranges) };
      });
    return create(LedgerAnswerSchema, {
      committed: toWire(within("committed")),
      quarantined: toWire(within("quarantined")),
      passed: this.#passedOnWire(),
    });
  }

  /** Decides about a batch that was kept aside as an operator wants it, or answers why not. */
  async decide(request: QuarantineRequest): Promise<QuarantineAnswer> {
    return await answerQuarantine(request, this.#secondLook);
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
      const wanted = opened.missing.difference(sought);
      if (wanted.size === 0) return opened;
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

  /** Loads what quarantine holds of messages that may have been worked by a former owner. */
  async #loadHeld(unpacked: readonly Unpacked[]): Promise<void> {
    const items = unpacked.flatMap(({ deliveries, unreadable }) => [...deliveries, ...unreadable]);
    for (const { place, relay } of items) {
      const vehicle = relay?.vehicle ?? unreadableVehicle;
      if (place.sequence > (this.#logEnds.get(place.partition) ?? 0) || this.#held.has(vehicle)) continue;
      this.#held.load(vehicle, await this.#entriesOf(vehicle));
    }
  }

  async #entriesOf(vehicle: VehicleId): Promise<QuarantineEntry[]> {
    const behind = Math.min(...[...this.#plans.values()].flatMap(({ from }) => [from.live, from.backfill]));
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
    this.#ledger.commit(planned.key, committed, nowNs);
    absorbOwnRecords(planned.key.vehicle, blocks, { ledger: this.#ledger, nowNs });
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
    const { planned, blocks, sinceMs } = waiting;
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
    return repeats.all.map((one) => {
      const line = lineOf(one.key, this.#ledger);
      const committed = intersect(line?.committed ?? none, one.repeated);
      const quarantined = intersect(line?.quarantined ?? none, one.repeated);
      return this.#verdict(one, { committed, quarantined });
    });
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
    const { different } = await this.#writer.untilItAnswers("compare a repeat", () => this.#ports.store.compare(rows));
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

  #noteInventory(vehicle: VehicleId, onBoard: ReturnType<typeof fromWire>, durable: ReturnType<typeof fromWire>): void {
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
    this.counts.repeated += planned.filter(({ repeated }) => repeated.length > 0).length;
  }

  #tell(verdicts: readonly Verdict[]): void {
    for (const { to, notice } of noticesOf(verdicts, this.#passed())) this.#ports.verdicts.publish(to, notice);
  }
}

/** The repeats of one commit. Most repeat what is stored before it, some what it stores itself. */
class Repeats {
  readonly #checked = new Map<Planned, Ranges>();

  constructor(readonly all: readonly Planned[]) {}

  /** What of the stored seqs was not taken by a call before. */
  takeUnchecked(one: Planned, stored: Ranges): Ranges {
    const checked = this.#checked.get(one) ?? none;
    this.#checked.set(one, union(checked, stored));
    return subtract(stored, checked);
  }
}

function decodedOf(planned: Planned): Decoded[] {
  const { content } = planned.delivery;
  return "blocks" in content ? [{ planned, blocks: rowsWithin(content.blocks, planned.fresh) }] : [];
}

function keptAside({ planned, cause }: Aside): KeptAside {
  return asideOf(planned.delivery, cause);
}

/** What is fresh of a batch that cannot be decoded; first wins here too. */
function damageOf(planned: Planned): Aside[] {
  const { content } = planned.delivery;
  if ("blocks" in content || planned.fresh.length === 0) return [];
  return [{ planned, cause: { ...causeOf(content.fault), ranges: planned.fresh } }];
}

function causeOf({ code, message }: Fault): Omit<AsideCause, "ranges"> {
  return { code, reason: message };
}

/** The rows that no table takes: they are kept aside, and their neighbours are not. */
function unstorableOf({ planned, blocks }: Decoded): Aside[] {
  const found = blocks.flatMap((block) => findUnstorable(rowBlockOf(planned, block)) ?? []);
  if (found.length === 0) return [];
  const ranges = found.map((one) => one.ranges).reduce(union);
  return [{ planned, cause: { code: "bad_batch", reason: `Cannot store rows: ${found[0].why}`, ranges } }];
}

function withoutRows(decoded: Decoded, bad: readonly Aside[]): Decoded {
  const own = bad.filter(({ planned }) => planned === decoded.planned);
  if (own.length === 0) return decoded;
  const fresh = own.map(({ cause }) => cause.ranges).reduce(subtract, decoded.planned.fresh);
  return { planned: { ...decoded.planned, fresh }, blocks: rowsWithin(decoded.blocks, fresh) };
}

function refusedAside(planned: Planned, blocks: readonly Block[], { refused }: Written): Aside {
  const reason = refused.get(blocks[0])?.message ?? "";
  return { planned, cause: { code: "store_failed", reason, ranges: seqsOf(blocks) } };
}

function suspendedAside(planned: Planned, blocks: readonly Block[]): Aside {
  const reason = `Table of "${blocks[0].shape.stream}" is suspended in the store`;
  return { planned, cause: { code: "table_suspended", reason, ranges: seqsOf(blocks) } };
}

/** Seqs of blocks that hold some, mostly all, of `wanted`. */
function coveredBy(wanted: Ranges, blocks: readonly Block[]): Ranges {
  const rows = blocks.reduce((sum, block) => sum + block.seqs.length, 0);
  return rows === countOf(wanted) ? wanted : seqsOf(blocks);
}
