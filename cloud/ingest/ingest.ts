/**
 * The owner's work on one commit: unpack, plan, write, decide, tell.
 *
 *     messages -> unpack -> proven -> plan -> write -> verdicts -> ledger (memory) -> notices
 *                   |         |        |        |- suspended: waits, is tried again, after 60 s kept aside
 *                   |         |        |        `- refused: kept aside
 *                   |         |        `- repeat: compared; equal -> verdict again, different -> kept aside
 *                   |         `- by a relay that does not carry the session: not taken, without a verdict
 *                   `- faulty: kept aside, by the same write
 *
 * Ledger and places are flushed every few seconds; what a crash forgets is read again from the log, and keys make the
 * second writing harmless.
 */
import { create } from "@bufbuild/protobuf";
import { type LedgerAnswer, type LedgerRequest, OwnerNoticeSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { QuarantineAnswer, QuarantineRequest } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { KeptAside } from "../lib/store/quarantine_entry.ts";
import type { IngestCounts } from "./counters.ts";
import { keepAside } from "./decide.ts";
import type { LedgerFigures } from "./fleet_figures.ts";
import { flush } from "./flush.ts";
import { writeFresh } from "./fresh_rows.ts";
import { answerLedger } from "./ledger_answer.ts";
import type { LinkReport } from "./links.ts";
import type { LogMessage } from "./log_message.ts";
import { createOwner, type Owner, passedIn } from "./owner.ts";
import type { LogExtent } from "./places.ts";
import { planCommit, type Planned } from "./plan.ts";
import type { IngestPorts } from "./ports.ts";
import { provenOnly } from "./proven_only.ts";
import { unreadableAsideOf, unreadableVehicle } from "./quarantine.ts";
import { answerQuarantine } from "./quarantine_answer.ts";
import { recallHeld, recallLedgers } from "./recall.ts";
import { Repeats } from "./repeats.ts";
import { SecondLook } from "./second_look.ts";
import { retryWaiting } from "./suspended_tables.ts";
import { giveUp, takeOver } from "./takeover.ts";
import type { TakeOver } from "./tenures.ts";
import type { Unpacked } from "./unpack.ts";
import { noticesOf, type Verdict } from "./verdicts.ts";

/** See the head of this file. One commit at a time: the caller awaits each call. */
export class Ingest {
  readonly #owner: Owner;
  readonly #secondLook: SecondLook;

  constructor(ports: IngestPorts) {
    this.#owner = createOwner(ports);
    this.#secondLook = new SecondLook(this.#owner);
  }

  /** Works one group of messages to its verdicts. Waits for the store as long as it takes. */
  async commit(messages: readonly LogMessage[]): Promise<void> {
    const { tenures, decoder } = this.#owner;
    const wanted = messages.filter((message) => tenures.isWanted(message));
    const unpacked = await provenOnly(await decoder.unpackAll(wanted), this.#owner);
    const planned = await this.#plan(unpacked);
    const unreadable = wanted.flatMap((message, at) => this.#unreadableOf(message, unpacked[at]));
    const repeats = new Repeats(planned, this.#owner);

    // What a replay is about to write may be missing until then: repeats of it must not be held against nothing.
    const hasReplay = planned.some(({ delivery }) => tenures.isReplayed(delivery.place));
    const different = hasReplay ? [] : await repeats.compare();
    const fresh = await writeFresh(planned, { different, unreadable }, this.#owner);
    await keepAside(await repeats.compare(), this.#owner);

    tenures.reach(messages);
    this.#count(planned, unreadable.length);
    this.#tell([...fresh, ...repeats.verdicts()]);
  }

  /** Says of each batch what is to be done with it, once all is in memory that this depends on. */
  async #plan(unpacked: readonly Unpacked[]): Promise<Planned[]> {
    const { ledger, tenures, held, clock } = this.#owner;
    const deliveries = unpacked.flatMap((one) => one.deliveries);
    await recallLedgers(deliveries.map(({ relay }) => relay.vehicle), this.#owner);
    const nowNs = clock.wallNs();
    for (const { relay } of deliveries) ledger.hear(relay.vehicle, nowNs);
    await recallHeld(unpacked, this.#owner);
    return planCommit(deliveries, {
      ledger,
      replayed: ({ place }) => tenures.isReplayed(place),
      held: (one) => held.unstoredOf(one.relay.vehicle, one),
    });
  }

  #unreadableOf(message: LogMessage, { unreadable }: Unpacked): KeptAside[] {
    const { held } = this.#owner;
    return unreadable
      .filter((one) => !held.holds(one.relay?.vehicle ?? unreadableVehicle, one))
      .map((one) => unreadableAsideOf(message, one));
  }

  #count(planned: readonly Planned[], unreadable: number): void {
    const { counters } = this.#owner;
    counters.batches += planned.length;
    counters.quarantined += unreadable;
    counters.repeated += planned.filter(({ repeated }) => repeated.length > 0).length;
  }

  #tell(verdicts: readonly Verdict[]): void {
    for (const { to, notice } of noticesOf(verdicts, (partition) => passedIn(partition, this.#owner))) {
      this.#owner.verdicts.publish(to, notice);
    }
  }

  /** Tries again what waits for suspended tables. Call every `suspendedRetryMs`. */
  async retryWaiting(): Promise<void> {
    this.#tell(await retryWaiting(this.#owner));
  }

  /** Takes over partitions; all that is known of them is what the store holds. */
  async own(partitions: readonly number[], { log }: { log: LogExtent }): Promise<TakeOver> {
    return await takeOver(partitions, { log }, this.#owner);
  }

  /** Forgets partitions that others may own from now on. What was not flushed is in the log still. */
  disown(partitions: readonly number[]): void {
    giveUp(partitions, this.#owner);
  }

  /** Partitions that were taken over before the store was started again: they want to be owned anew, for a replay. */
  async ownedBeforeRestart(): Promise<number[]> {
    return this.#owner.tenures.heldBefore(await this.#owner.store.life());
  }

  /** A lane of a tenure ended at a place when its reader began. */
  handleLaneEnd(tenure: number, end: { lane: TelemetryLane; sequence: number }): void {
    this.#owner.tenures.handleLaneEnd(tenure, end);
  }

  /** Makes ledger lines and places durable. Call every `flushIntervalMs`. Rejects with `store_failed`. */
  async flush(): Promise<void> {
    await flush(this.#owner);
  }

  /** Tells all relays which tenures compare inventories. Call every `ownerIntervalMs`. */
  announce(): void {
    const { tenures, verdicts } = this.#owner;
    for (const comparing of tenures.comparing()) verdicts.announce(create(OwnerNoticeSchema, comparing));
  }

  /** Tells every registered session how far the log is worked through, for verdicts that were lost on their way. */
  tellPassed(): void {
    const sessions = [...this.#owner.sessions.all()];
    this.#tell(sessions.map(([vehicle, address]) => ({ vehicle, address, committed: [], quarantined: [] })));
  }

  /** Answers a relay that asks for a vehicle: see {@link answerLedger}. */
  async answer(request: LedgerRequest): Promise<LedgerAnswer> {
    return await answerLedger(request, this.#owner);
  }

  /** Decides about a batch that was kept aside as an operator wants it, or answers why not. */
  async decide(request: QuarantineRequest): Promise<QuarantineAnswer> {
    return await answerQuarantine(request, this.#secondLook);
  }

  /** A relay told of links. */
  noteLinks(reports: readonly LinkReport[]): void {
    const { links, ledger, clock } = this.#owner;
    const nowNs = clock.wallNs();
    for (const report of reports) {
      const link = links.take(report, nowNs);
      if (link !== undefined) ledger.noteLink(report.vehicle, { session: report.session, link }, nowNs);
    }
  }

  /** Why the store does not work at the moment; undefined while it does. */
  get failing(): string | undefined {
    return this.#owner.writer.failing;
  }

  /** For metrics. */
  get counts(): IngestCounts {
    const { counters, waiting, tenures } = this.#owner;
    return { ...counters, waiting: waiting.size, partitions: tenures.count };
  }

  /** What the ledgers of the vehicles owned add up to, as of the last flush. */
  get figures(): LedgerFigures {
    return this.#owner.figures.figures(this.#owner.clock.wallNs());
  }
}
