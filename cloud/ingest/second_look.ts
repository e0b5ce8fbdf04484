/**
 * Decides again about what was kept aside: a retry after a fix, or a drop. Both may be asked for twice.
 *
 *     kept --retry--> cannot be opened, is refused, differs: kept, one try more
 *      |      `-----> its rows are stored, then the entry and the ledger's line in one commit: retried
 *      `----drop----> its bytes are gone, the ledger still names its seqs as quarantined: dropped
 *
 * Rows go first: what is cut off behind them is done again by the next retry, which finds them equal.
 */
import type { Block } from "#proto/batch.ts";
import { asFault, type Code, isCode } from "#proto/errors.ts";
import { classes } from "#proto/class.ts";
import type { VehicleId } from "#proto/ids.ts";
import { intersect, none, type Ranges, subtract } from "#proto/ranges.ts";
import { joinComparisons } from "../lib/store/compare.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { StreamRow } from "../lib/store/rows.ts";
import type { LineKey } from "./ledger.ts";
import { absorbOwnRecords, type RecordSource } from "./own_records.ts";
import type { Owner } from "./owner.ts";
import { lineOf, rangeOf } from "./plan.ts";
import { unreadableVehicle } from "./quarantine.ts";
import { recallLedgers } from "./recall.ts";
import { rowBlockOf, rowsWithin } from "./rows.ts";
import type { OpenedBatch } from "./unpack.ts";

/** What it stands on. */
export type SecondLookParts = Pick<Owner, "store" | "writer" | "decoder" | "ledger" | "links" | "clock">;

/** Why it was not done as asked. */
export interface Refusal {
  readonly code: Code;
  readonly reason: string;
  /** Seqs whose rows are others than those of the batch. */
  readonly different: Ranges;
  /** Those rows. */
  readonly stored: readonly StreamRow[];
}

/** A batch that can be stored now. */
interface Opened {
  readonly key: LineKey;
  readonly delivery: RecordSource & Pick<OpenedBatch, "header">;
  readonly blocks: readonly Block[];
  /** What of it is meant. */
  readonly ranges: Ranges;
}

/** See the head of this file. */
export class SecondLook {
  readonly #parts: SecondLookParts;

  constructor(parts: SecondLookParts) {
    this.#parts = parts;
  }

  /** Stores what was kept aside, if it can be now. Resolves with why not. Rejects when the store does not answer. */
  async retry(vehicle: VehicleId, id: string): Promise<Refusal | undefined> {
    const { store } = this.#parts;
    const entry = await store.quarantinedOne(vehicle, id);
    if (entry.state === "retried") return undefined;
    if (entry.state === "dropped") return refusalOf("already_decided", "Cannot retry a batch that was dropped");
    await recallLedgers([vehicle], this.#parts);
    const opened = await this.#open(entry, await store.quarantinedBatch(vehicle, id));
    if ("code" in opened) return await this.#keepOn(entry, opened);
    const refusal = await this.#store(opened);
    if (refusal !== undefined) return await this.#keepOn(entry, refusal);
    const retried = { ...entry, state: "retried", tries: entry.tries + 1, decidedAtNs: this.#now() } as const;
    await store.quarantine([{ entry: retried }], this.#linesOf(opened.key));
    return undefined;
  }

  /** Gives up what was kept aside. Resolves with why not. Rejects when the store does not answer. */
  async drop(vehicle: VehicleId, id: string): Promise<Refusal | undefined> {
    const { store, ledger } = this.#parts;
    const entry = await store.quarantinedOne(vehicle, id);
    if (entry.state === "dropped") return undefined;
    if (entry.state === "retried") {
      return refusalOf("already_decided", "Cannot drop a batch that was stored by a retry");
    }
    await recallLedgers([vehicle], this.#parts);
    const key: LineKey = { vehicle, epoch: entry.epoch, class: entry.class };
    const dropped = { ...entry, state: "dropped", decidedAtNs: this.#now() } as const;
    if (entry.ranges.length > 0) ledger.quarantine(key, entry.ranges, this.#now());
    await store.quarantine([{ entry: dropped, batch: new Uint8Array(0) }], this.#linesOf(key));
    return undefined;
  }

  async #open(entry: QuarantineEntry, batch: Uint8Array): Promise<Opened | Refusal> {
    if (entry.vehicle === unreadableVehicle) {
      return refusalOf(
        isCode(entry.code) ? entry.code : "bad_batch",
        `Names no vehicle to store it for: ${entry.reason}`,
      );
    }
    try {
      const { header, content } = await this.#parts.decoder.open(batch);
      if ("fault" in content) throw content.fault;
      const key: LineKey = { vehicle: entry.vehicle, epoch: header.epoch, class: classes[header.class] };
      const ranges = entry.ranges.length > 0 ? entry.ranges : this.#parts.ledger.undecided(key, rangeOf({ header }));
      return { key, delivery: { header, relay: broughtBy(entry) }, blocks: content.blocks, ranges };
    } catch (error) {
      const { code, message } = asFault(error, "bad_batch");
      return refusalOf(code, message);
    }
  }

  /** Compares what is stored already and stores the rest. */
  async #store(opened: Opened): Promise<Refusal | undefined> {
    const { store, ledger, links } = this.#parts;
    const { key, blocks, ranges } = opened;
    const committed = intersect(lineOf(key, ledger)?.committed ?? none, ranges);
    const known = rowsWithin(blocks, committed).map((block) => rowBlockOf(opened, block));
    const { different, stored } = joinComparisons(await store.compare(known));
    if (different.length > 0) {
      return { ...refusalOf("different_body", "Other rows are stored under its keys, and stay"), different, stored };
    }
    const missing = rowsWithin(blocks, subtract(ranges, committed));
    const refusal = await this.#write(opened, missing);
    if (refusal !== undefined) return refusal;
    const nowNs = this.#now();
    if (missing.length > 0) ledger.commit(key, subtract(ranges, committed), nowNs);
    absorbOwnRecords(opened.delivery, missing, { ledger, links, nowNs });
    return undefined;
  }

  async #write(opened: Opened, blocks: readonly Block[]): Promise<Refusal | undefined> {
    if (blocks.length === 0) return undefined;
    try {
      const { suspended } = await this.#parts.store.write(blocks.map((block) => rowBlockOf(opened, block)));
      if (suspended.length === 0) return undefined;
      return refusalOf("table_suspended", `Table of "${suspended[0]}" is suspended in the store`);
    } catch (error) {
      const { code, message } = asFault(error, "store_failed");
      return refusalOf(code, message);
    }
  }

  /** It stays, with the newest reason. */
  async #keepOn(entry: QuarantineEntry, refusal: Refusal): Promise<Refusal> {
    const { code, reason } = refusal;
    const again = { ...entry, code, reason, tries: entry.tries + 1, decidedAtNs: this.#now() };
    await this.#parts.store.quarantine([{ entry: again }]);
    return refusal;
  }

  #linesOf(key: LineKey): LedgerEntry[] {
    const line = lineOf(key, this.#parts.ledger);
    return line === undefined ? [] : [line];
  }

  #now(): bigint {
    return this.#parts.clock.wallNs();
  }
}

/** An entry does not keep the session that it came through. */
function broughtBy({ vehicle, relay, receivedAtNs }: QuarantineEntry): RecordSource["relay"] {
  return { vehicle, relay, session: new Uint8Array(0), receivedAtNs };
}

function refusalOf(code: Code, reason: string): Refusal {
  return { code, reason, different: none, stored: [] };
}
