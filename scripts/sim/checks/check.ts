/** What a checker of an invariant is: it watches the world from outside and knows no part of the product's inside. */
import type { Class } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Ranges } from "#proto/ranges.ts";
import type { LedgerEntry } from "#cloud/lib/store/ledger_entry.ts";
import type { QuarantineEntry } from "#cloud/lib/store/quarantine_entry.ts";
import type { Database } from "../database.ts";
import type { Answer, Given } from "../given.ts";

/** A batch that came into the log. */
export interface LoggedBatch {
  readonly vehicle: string;
  /** Hex. */
  readonly session: string;
  readonly epoch: Epoch;
  readonly class: Class;
  readonly first: number;
  readonly last: number;
  readonly lane: "live" | "backfill";
  readonly sequence: number;
}

/** Ranges that ingest tells to have a verdict. */
export interface Told {
  readonly vehicle: string;
  readonly epoch: Epoch;
  readonly class: Class;
  readonly ranges: Ranges;
  readonly kind: "committed" | "quarantined";
  /** `notice`: told as it falls. `answer`: an inventory's answer, from the ledger. */
  readonly by: "notice" | "answer";
}

/** One vehicle as it can be seen from outside. */
export interface VehicleView {
  readonly id: string;
  readonly ringBytesMax: number;
  /** Most bytes that the files of its ring ever took together. */
  readonly peakBytes: number;
  /** What its agent says has no verdict; undefined while it does not run. */
  readonly unsettled: readonly { epoch: Epoch; class: Class; records: number }[] | undefined;
  /** Whether the ring ever gave something up. */
  readonly hasLost: boolean;
  /** Whether a fault of the disk ever hit a read. */
  readonly hadReadFaults: boolean;
  /** Appends without an answer: since when, while the machine was awake and the process alive. */
  readonly openSinceMs: number | undefined;
}

/** The world at a moment. */
export interface View {
  readonly nowMs: number;
  readonly given: Given;
  readonly database: Database;
  vehicles(): readonly VehicleView[];
  /** Everything between vehicle and store has been in good order since; undefined while it is not. */
  readonly healthySinceMs: number | undefined;
  /** The log has let go of messages, perhaps of some that nobody had read: the ledger may miss what they said. */
  readonly isLogTrimmed: boolean;
  quarantined(): readonly QuarantineEntry[];
  ledger(): readonly LedgerEntry[];
}

/** One invariant. Each method returns what is wrong, or undefined. */
export interface Check {
  readonly name: string;
  handleAnswer?(answer: Answer): string | undefined;
  /** What an agent answered although the seq was answered before. */
  handleSeqTwice?(answer: Answer, seq: number): string | undefined;
  handleLogged?(batch: LoggedBatch): string | undefined;
  /** The relay was told the batch's place. */
  handleConfirmed?(sequence: number): void;
  /** The owner has told that it passed these places. */
  handlePassed?(passed: { live: number; backfill: number }): void;
  handleTold?(told: Told, view: View): string | undefined;
  /** Ingest wants these again although they had a verdict. */
  handleAskedAgain?(asked: Pick<Told, "vehicle" | "epoch" | "class" | "ranges">): void;
  /** Every few seconds. */
  look?(view: View): string | undefined;
  /** Once, when all is drained. */
  end?(view: View): string | undefined;
}
