/**
 * The outbox: which records go next, on which lane, and what became of those that went. Pure: it holds ranges of seqs,
 * never records. Source: protocol.md sections 4.3, 4.4 and 4.7; where a record can be is drawn in series.ts.
 *
 *     no session -- handleWelcome --> session: live flows, backfill waits for Held
 *     waits for Held -- handleHeld, or heldWaitMs --> backfill flows
 *     session -- handleLinkEnd --> no session (or the newer one that took over)
 *     session -- hush --> nothing new goes out -- resume, handleWelcome --> session
 *
 * A sender goes round: poll -> take a run -> read and pack it -> handleSent, or handleUnsent -> poll. One run per lane at
 * a time. The order of sending: on live the most precious class first and in it the newest record first; on backfill the
 * most precious class first and in it the oldest.
 */
import { ok } from "node:assert/strict";
import { batchHeaderBytes } from "#proto/batch/header.ts";
import { type Class, classNumber, type TelemetryLane } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Range, Ranges } from "#proto/ranges.ts";
import { flightsPerLaneMax, fragmentsMax, heldWaitMs, liveLingerMs } from "../limits.ts";
import type { LogPlaces } from "./received_groups.ts";
import { type Flight, Series } from "./series.ts";

/** Ranges of one epoch and class. */
export interface SeriesRanges {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly ranges: Ranges;
}

/** What a Welcome grants. */
export interface SessionTerms {
  /** Bytes of batches sent and not yet received, per lane. */
  readonly windows: Readonly<Record<TelemetryLane, number>>;
  /** One batch's body. */
  readonly batchBytesMax: number;
}

/** A contiguous run of records for a sender to read, pack and write as one batch. */
export interface Run extends Range {
  readonly epoch: Epoch;
  readonly class: Class;
  /** The batch, header included, must not be larger, unless its only record is. */
  readonly bytesMax: number;
}

/** What a sender should do next. */
export type OutboxStep =
  /** Send a prefix of this run; it is reserved until {@link Outbox.handleSent} or {@link Outbox.handleUnsent}. */
  | { readonly kind: "send"; readonly run: Run }
  /** Ask again at this uptime (Infinity: only after some `handle` call). */
  | { readonly kind: "wait"; readonly untilMs: number };

/** What {@link Outbox.poll} is asked with. */
export interface PollOptions {
  readonly nowMs: number;
  /** Whether batches of an epoch may go: its clock offset is fixed. */
  readonly isSendable: (epoch: Epoch) => boolean;
}

/** A batch as `received` names it. */
export interface ReceivedBatch extends Range {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly lane: TelemetryLane;
  /** Position in the log. */
  readonly place: number;
}

/** The owner's answer to an inventory. */
export interface HeldAnswer {
  /** With a verdict, whichever. */
  readonly settled: readonly SeriesRanges[];
  /** What the inventory listed as without a verdict. */
  readonly listed: readonly SeriesRanges[];
  readonly passed: LogPlaces | undefined;
  /** False: the ledger was silent and the rest says nothing. */
  readonly isAnswered: boolean;
}

interface Session {
  readonly number: number;
  readonly terms: SessionTerms;
  readonly bytesUsed: Record<TelemetryLane, number>;
  readonly flights: Record<TelemetryLane, number>;
  backfillFromMs: number;
  heldIsAnswered: boolean;
}

const nothing: OutboxStep = { kind: "wait", untilMs: Infinity };

/** One vehicle's outbox, for as long as the agent runs. */
export class Outbox {
  /** Sorted by class, then in the order in which their epochs were opened. */
  #series: Series[] = [];
  readonly #byName = new Map<string, Series>();
  /** Of which there are series, oldest first. */
  #epochs: Epoch[] = [];
  readonly #taken = new Map<TelemetryLane, Series>();
  #session: Session | undefined;
  #isHushed = false;

  /** Records that the relay has not received yet, and their estimated bytes on the wire. */
  get backlog(): { records: number; bytes: number } {
    return this.#series.reduce(
      (sum, one) => ({ records: sum.records + one.unreceivedCount, bytes: sum.bytes + one.unreceivedBytes }),
      { records: 0, bytes: 0 },
    );
  }

  /** Whether anything waits for the backfill lane. */
  get hasBackfill(): boolean {
    return this.#series.some((one) => one.hasBacklog);
  }

  /** Epochs of which something waits to be sent. */
  get epochsToSend(): readonly Epoch[] {
    return [...new Set(this.#series.filter((one) => one.hasBacklog || one.hasFresh).map((one) => one.epoch))];
  }

  /** Pieces of ranges in memory. */
  get fragments(): number {
    return this.#series.reduce((sum, one) => sum + one.fragments, 0);
  }

  /** Batches of the present session that are reserved, or sent and not yet received. */
  get inFlight(): number {
    const { live = 0, backfill = 0 } = this.#session?.flights ?? {};
    return this.#taken.size + live + backfill;
  }

  /** The present session's window. */
  window(lane: TelemetryLane): { bytesUsed: number; bytesMax: number } {
    if (this.#session === undefined) return { bytesUsed: 0, bytesMax: 0 };
    return { bytesUsed: this.#session.bytesUsed[lane], bytesMax: this.#session.terms.windows[lane] };
  }

  /** Records became durable. */
  handleAppended(at: { epoch: Epoch; class: Class; range: Range }, nowMs: number): void {
    this.#seriesOf(at.epoch, at.class).handleAppended(at.range, nowMs);
  }

  /** What the ring holds without a verdict, oldest epoch first; at the start, or to find what was missed. */
  handleOnBoard(unsettled: readonly SeriesRanges[]): void {
    for (const { epoch, class: className, ranges } of unsettled) this.#seriesOf(epoch, className).handleOnBoard(ranges);
  }

  /** The ring has lost these: they cannot be sent any more. */
  handleGone(at: { epoch: Epoch; class: Class; range: Range }): void {
    this.#forget({ epoch: at.epoch, class: at.class, ranges: [at.range] });
  }

  /** A login succeeded: sessions are numbered by the caller, rising. Sending goes over the newest. */
  handleWelcome(session: number, terms: SessionTerms, nowMs: number): void {
    this.#session = {
      number: session,
      terms,
      bytesUsed: { live: 0, backfill: 0 },
      flights: { live: 0, backfill: 0 },
      backfillFromMs: nowMs + heldWaitMs,
      heldIsAnswered: false,
    };
    this.resume();
    for (const one of this.#series) one.handleWelcome();
  }

  /** Nothing new goes out until the next {@link handleWelcome} or {@link resume}; what is reserved still does. */
  hush(): void {
    this.#isHushed = true;
  }

  resume(): void {
    this.#isHushed = false;
  }

  /** Takes the answer to the session's inventory. Only its first word on what was received counts. */
  handleHeld(session: number, answer: HeldAnswer): void {
    for (const settled of answer.settled) this.#forget(settled);
    if (session !== this.#session?.number) return;
    this.#session.backfillFromMs = 0;
    if (!answer.isAnswered || this.#session.heldIsAnswered) return;
    this.#session.heldIsAnswered = true;
    for (const { epoch, class: className, ranges } of answer.listed) {
      this.#find(epoch, className)?.handleHeld(ranges, answer.passed);
    }
    if (answer.passed !== undefined) this.#handlePassed(answer.passed);
  }

  /** The log holds these batches. */
  handleReceived(session: number, batches: readonly ReceivedBatch[]): void {
    for (const { epoch, class: className, place, ...batch } of batches) {
      const flight = this.#find(epoch, className)?.handleReceived({ session, ...batch }, place);
      if (flight !== undefined) this.#land([flight]);
    }
  }

  /** These have a verdict; the owner's places count after them. */
  handleVerdicts(settled: readonly SeriesRanges[], passed: LogPlaces | undefined): void {
    for (const one of settled) this.#forget(one);
    if (passed !== undefined) this.#handlePassed(passed);
  }

  /** The relay could not put these into the log: they are sent again. */
  handleLost(lost: readonly SeriesRanges[]): void {
    for (const { epoch, class: className, ranges } of lost) {
      const series = this.#find(epoch, className);
      if (series !== undefined) this.#land(series.handleLost(ranges));
    }
  }

  /** The cloud asks for these again, oldest epoch first; the caller names only what the ring still holds. */
  handleResend(asked: readonly SeriesRanges[]): void {
    // An epoch of which all had a verdict is not known here any more; it is older than those that are.
    const forgotten = new Set(asked.map(({ epoch }) => epoch).filter((epoch) => !this.#epochs.includes(epoch)));
    this.#epochs.unshift(...forgotten);
    for (const { epoch, class: className, ranges } of asked) this.#seriesOf(epoch, className).handleOnBoard(ranges);
  }

  /** A link is over: what it had not confirmed goes again; what it had stays until the ledger is asked. */
  handleLinkEnd(session: number): void {
    for (const one of this.#series) one.handleLinkEnd(session);
    if (session === this.#session?.number) this.#session = undefined;
  }

  /** The next run for a lane, or when to ask again. */
  poll(lane: TelemetryLane, options: PollOptions): OutboxStep {
    ok(!this.#taken.has(lane), "one run per lane at a time");
    const session = this.#session;
    if (session === undefined || this.#isHushed) return nothing;
    this.#sweep(options.nowMs);
    const bytesMax = bytesFor(lane, session);
    if (bytesMax === undefined) return nothing;
    const found = lane === "live" ? this.#findLive(options) : this.#findBackfill(session, options);
    if (!(found instanceof Series)) return found;
    const { first, last } = found.take(lane, options.nowMs);
    this.#taken.set(lane, found);
    return { kind: "send", run: { epoch: found.epoch, class: found.class, first, last, bytesMax } };
  }

  /**
   * The run that the lane has reserved goes out as one batch of so many bytes, up to `last`. Tell it before writing, and
   * before {@link handleLinkEnd} or the next {@link handleWelcome}.
   */
  handleSent(lane: TelemetryLane, batch: { last: number; bytes: number }): void {
    const session = this.#session;
    ok(session !== undefined, "a batch belongs to a session");
    this.#release(lane).handleSent(lane, { ...batch, session: session.number });
    session.bytesUsed[lane] += batch.bytes;
    session.flights[lane] += 1;
  }

  /** The reserved run is not sent; `held` tells what of it the ring still has, when that is in doubt. */
  handleUnsent(lane: TelemetryLane, held?: Ranges): void {
    this.#release(lane).handleUnsent(lane, held);
  }

  #findLive({ nowMs, isSendable }: PollOptions): Series | OutboxStep {
    let untilMs = Infinity;
    // Newest epoch first within a class: the list is sorted the other way.
    const candidates = this.#series.filter((one) => one.hasFresh && one.fragments < fragmentsMax).reverse()
      .sort((a, b) => classNumber(a.class) - classNumber(b.class));
    for (const one of candidates) {
      if (!isSendable(one.epoch)) continue;
      const dueMs = one.hasFullBatch ? nowMs : one.liveTakenAtMs + liveLingerMs;
      if (dueMs <= nowMs) return one;
      untilMs = Math.min(untilMs, dueMs);
    }
    return { kind: "wait", untilMs };
  }

  #findBackfill(session: Session, { nowMs, isSendable }: PollOptions): Series | OutboxStep {
    if (nowMs < session.backfillFromMs) return { kind: "wait", untilMs: session.backfillFromMs };
    const oldest = this.#series.find((one) => one.hasBacklog && isSendable(one.epoch));
    if (oldest !== undefined) return oldest;
    const untilMs = this.#series.reduce((soonest, one) => Math.min(soonest, one.expiresAtMs ?? Infinity), Infinity);
    return { kind: "wait", untilMs };
  }

  #handlePassed(passed: LogPlaces): void {
    for (const one of this.#series) one.handlePassed(passed);
  }

  #forget({ epoch, class: className, ranges }: SeriesRanges): void {
    const series = this.#find(epoch, className);
    if (series !== undefined) this.#land(series.forget(ranges));
  }

  /** Gives the window back what these flights took of it. */
  #land(flights: readonly Flight[]): void {
    for (const { session, lane, bytes } of flights) {
      if (session !== this.#session?.number) continue;
      this.#session.bytesUsed[lane] -= bytes;
      this.#session.flights[lane] -= 1;
    }
  }

  #release(lane: TelemetryLane): Series {
    const series = this.#taken.get(lane);
    ok(series !== undefined, "a run was taken");
    this.#taken.delete(lane);
    return series;
  }

  /** Moves what is no longer fresh to the backlog, and drops series of which nothing is left, but for the newest epoch. */
  #sweep(nowMs: number): void {
    for (const one of this.#series) one.expire(nowMs);
    const newest = this.#epochs.at(-1);
    const ended = this.#series.filter((one) => one.isEmpty && one.epoch !== newest);
    if (ended.length === 0) return;
    for (const one of ended) this.#byName.delete(nameOf(one.epoch, one.class));
    this.#series = this.#series.filter((one) => !ended.includes(one));
    this.#epochs = this.#epochs.filter((epoch) => this.#series.some((one) => one.epoch === epoch));
  }

  #find(epoch: Epoch, className: Class): Series | undefined {
    return this.#byName.get(nameOf(epoch, className));
  }

  #seriesOf(epoch: Epoch, className: Class): Series {
    const found = this.#find(epoch, className);
    if (found !== undefined) return found;
    if (!this.#epochs.includes(epoch)) this.#epochs.push(epoch);
    const series = new Series(epoch, className);
    this.#byName.set(nameOf(epoch, className), series);
    this.#series.push(series);
    this.#series.sort((a, b) =>
      classNumber(a.class) - classNumber(b.class) || this.#epochs.indexOf(a.epoch) - this.#epochs.indexOf(b.epoch)
    );
    return series;
  }
}

function nameOf(epoch: Epoch, className: Class): string {
  return `${epoch} ${className}`;
}

/** Bytes that a batch may take of the window now; undefined when it must wait for room. */
function bytesFor(lane: TelemetryLane, session: Session): number | undefined {
  const { terms, bytesUsed, flights } = session;
  const bytesMax = Math.min(terms.batchBytesMax + batchHeaderBytes, terms.windows[lane]);
  const isFull = bytesUsed[lane] + bytesMax > terms.windows[lane] || flights[lane] >= flightsPerLaneMax;
  return isFull ? undefined : bytesMax;
}
