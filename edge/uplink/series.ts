/**
 * What the outbox knows of one epoch and class: every record on board without a verdict is in exactly one place.
 *
 *     appended --> fresh --too old--> backlog <-- on board at start, resend
 *                    |                   |
 *                  live               backfill
 *                    `----> taken <------'        reserved while a sender reads and packs it
 *                             | sent
 *                             v
 *                         in flight --link end, lost--> backlog
 *                             | received
 *                             v
 *                         received --lost, passed or unknown without verdict--> backlog
 *
 *     anywhere --verdict, or lost by the ring--> forgotten
 */
import type { Class, TelemetryLane } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { batchRecordsMax } from "#proto/limits.ts";
import { countOf, intersect, none, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import { type FreshRun, FreshRuns } from "./fresh_runs.ts";
import { type LogPlaces, rangesOf, ReceivedGroups } from "./received_groups.ts";

/** One batch that was sent and not yet received. */
export interface Flight extends Range {
  /** Number of the session that it was sent over. */
  readonly session: number;
  readonly lane: TelemetryLane;
  /** Of the whole batch on the wire. */
  readonly bytes: number;
  /** What of it still waits: a verdict may overtake `received`. */
  readonly pending: Ranges;
}

/** First guess of a record's size on the wire, before anything was sent. */
const recordBytesGuess = 64;

/** The records of one epoch and class. */
export class Series {
  readonly epoch: Epoch;
  readonly class: Class;
  /** Records that a batch was last seen to hold. */
  #recordsPerBatch = batchRecordsMax / 4;
  #bytesPerRecord = recordBytesGuess;
  readonly #fresh = new FreshRuns();
  #backlog: Ranges = none;
  readonly #taken = new Map<TelemetryLane, FreshRun>();
  #flights: Flight[] = [];
  readonly #received = new ReceivedGroups();

  constructor(epoch: Epoch, className: Class) {
    this.epoch = epoch;
    this.class = className;
  }

  /** Uptime at which the last live batch was taken. */
  liveTakenAtMs = -Infinity;

  get hasFresh(): boolean {
    return this.#fresh.entries > 0;
  }

  get hasBacklog(): boolean {
    return this.#backlog.length > 0;
  }

  get isEmpty(): boolean {
    const waiting = this.#taken.size + this.#flights.length + this.#received.entries;
    return !this.hasFresh && !this.hasBacklog && waiting === 0;
  }

  /** Records not sent, or sent and not received. */
  get unreceivedCount(): number {
    const inFlight = this.#flights.reduce((sum, flight) => sum + countOf(flight.pending), 0);
    return this.#fresh.count + countOf(this.#backlog) + countOf([...this.#taken.values()]) + inFlight;
  }

  /** Estimate of {@link unreceivedCount} in bytes on the wire. */
  get unreceivedBytes(): number {
    return Math.round(this.unreceivedCount * this.#bytesPerRecord);
  }

  /** Pieces that this takes in memory. */
  get fragments(): number {
    return this.#fresh.entries + this.#backlog.length + this.#flights.length + this.#received.entries;
  }

  /** Uptime at which something fresh becomes backlog. */
  get expiresAtMs(): number | undefined {
    return this.#fresh.expiresAtMs;
  }

  /** Whether the newest fresh records fill a batch. */
  get hasFullBatch(): boolean {
    const newest = this.#fresh.newest(this.#recordsPerBatch);
    return newest !== undefined && newest.last - newest.first + 1 >= this.#recordsPerBatch;
  }

  /** New records became durable. */
  handleAppended(range: Range, nowMs: number): void {
    this.expire(nowMs);
    this.#fresh.add(range, nowMs);
  }

  /** What the ring holds without a verdict: what is not under way here yet, nor in the log, is backlog. */
  handleOnBoard(unsettled: Ranges): void {
    this.#backlog = union(this.#backlog, subtract(unsettled, union(this.#known(), this.#received.ranges)));
  }

  /** Moves what is no longer fresh to the backlog. */
  expire(nowMs: number): void {
    this.#backlog = union(this.#backlog, this.#fresh.expire(nowMs));
  }

  /** Reserves the newest fresh records, or the oldest of the backlog, for a sender. */
  take(lane: TelemetryLane, nowMs: number): Range {
    const run = lane === "live" ? this.#fresh.newest(this.#recordsPerBatch) : this.#oldest(nowMs);
    if (run === undefined) throw new Error(`Series has nothing for lane "${lane}"`);
    this.#taken.set(lane, run);
    if (lane === "live") {
      this.#fresh.forget(rangesOf(run));
      this.liveTakenAtMs = nowMs;
    } else this.#backlog = subtract(this.#backlog, rangesOf(run));
    return run;
  }

  /** What was taken goes out as a batch up to `last`; the rest goes back. */
  handleSent(lane: TelemetryLane, sent: { last: number; bytes: number; session: number }): void {
    const run = this.#release(lane);
    const batch = { first: run.first, last: sent.last };
    this.#learn(run, { count: sent.last - run.first + 1, bytes: sent.bytes });
    this.#flights.push({ ...batch, session: sent.session, lane, bytes: sent.bytes, pending: rangesOf(batch) });
    if (sent.last < run.last) this.#giveBack(lane, { ...run, first: sent.last + 1 });
  }

  /** What was taken was not sent: it goes back, as far as the ring still holds it. */
  handleUnsent(lane: TelemetryLane, held?: Ranges): void {
    const run = this.#release(lane);
    const left = held === undefined ? rangesOf(run) : intersect(rangesOf(run), held);
    for (const part of left) this.#giveBack(lane, { ...part, sinceMs: run.sinceMs });
  }

  /** The log holds a batch. Returns its flight, undefined when none waits under these names. */
  handleReceived(batch: Pick<Flight, "session" | "lane" | "first" | "last">, place: number): Flight | undefined {
    const at = this.#flights.findIndex((flight) =>
      flight.first === batch.first && flight.last === batch.last && flight.lane === batch.lane &&
      flight.session === batch.session
    );
    if (at < 0) return undefined;
    const [flight] = this.#flights.splice(at, 1);
    this.#received.add(flight.pending, { lane: flight.lane, place });
    return flight;
  }

  /** These need no sending any more: they have a verdict, or the ring has lost them. Returns flights that ended so. */
  forget(ranges: Ranges): Flight[] {
    this.#fresh.forget(ranges);
    this.#backlog = subtract(this.#backlog, ranges);
    this.#received.forget(ranges);
    return this.#takeFromFlights(ranges).ended;
  }

  /** The relay could not put these into the log. Returns flights that ended so. */
  handleLost(ranges: Ranges): Flight[] {
    const { taken, ended } = this.#takeFromFlights(ranges);
    this.#backlog = union(this.#backlog, union(taken, this.#received.forget(ranges)));
    return ended;
  }

  /** The owner has passed these places: what it decided is known, so what is left there was not decided. */
  handlePassed(passed: LogPlaces): void {
    this.#backlog = union(this.#backlog, this.#received.takePassed(passed));
  }

  /** The ledger answered for `listed`: see {@link ReceivedGroups.takeUnknown}. */
  handleHeld(listed: Ranges, passed: LogPlaces | undefined): void {
    this.#backlog = union(this.#backlog, this.#received.takeUnknown(listed, passed));
  }

  handleWelcome(): void {
    this.#received.handleWelcome();
  }

  /** What a link had not confirmed goes back. */
  handleLinkEnd(session: number): void {
    for (const flight of this.#flights) {
      if (flight.session === session) this.#backlog = union(this.#backlog, flight.pending);
    }
    this.#flights = this.#flights.filter((flight) => flight.session !== session);
  }

  /** All that is to be sent or under way. */
  #known(): Ranges {
    const sending = [...this.#taken.values(), ...this.#flights.flatMap((flight) => flight.pending)];
    return sending.reduce((all, range) => union(all, rangesOf(range)), union(this.#backlog, this.#fresh.ranges));
  }

  #oldest(nowMs: number): FreshRun | undefined {
    const oldest = this.#backlog.at(0);
    if (oldest === undefined) return undefined;
    return { first: oldest.first, last: Math.min(oldest.last, oldest.first + batchRecordsMax - 1), sinceMs: nowMs };
  }

  #release(lane: TelemetryLane): FreshRun {
    const run = this.#taken.get(lane);
    if (run === undefined) throw new Error(`Series has nothing taken for lane "${lane}"`);
    this.#taken.delete(lane);
    return run;
  }

  #giveBack(lane: TelemetryLane, run: FreshRun): void {
    if (lane === "live") this.#fresh.giveBack(run);
    else this.#backlog = union(this.#backlog, rangesOf(run));
  }

  /** A batch that was cut short shows how many records fit; one that was not may take more. */
  #learn(run: Range, sent: { count: number; bytes: number }): void {
    const asked = run.last - run.first + 1;
    if (sent.count < asked) this.#recordsPerBatch = sent.count;
    else if (asked >= this.#recordsPerBatch) this.#recordsPerBatch = Math.min(batchRecordsMax, 2 * asked);
    this.#bytesPerRecord += (sent.bytes / sent.count - this.#bytesPerRecord) / 8;
  }

  #takeFromFlights(ranges: Ranges): { taken: Ranges; ended: Flight[] } {
    let taken = none;
    const ended: Flight[] = [];
    this.#flights = this.#flights.flatMap((flight) => {
      const hit = intersect(flight.pending, ranges);
      if (hit.length === 0) return [flight];
      taken = union(taken, hit);
      const pending = subtract(flight.pending, hit);
      if (pending.length > 0) return [{ ...flight, pending }];
      ended.push(flight);
      return [];
    });
    return { taken, ended };
  }
}
