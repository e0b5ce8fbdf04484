/** A small world made by hand, to show a checker what it must see. */
import { type Class, classNumber } from "#proto/class.ts";
import { type Epoch, parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import type { Ranges } from "#proto/ranges.ts";
import { emptyLedgerEntry, type LedgerEntry } from "#cloud/lib/store/ledger_entry.ts";
import type { ColumnType } from "#cloud/lib/store/mapping.ts";
import type { QuarantineEntry } from "#cloud/lib/store/quarantine_entry.ts";
import { Database } from "../../database.ts";
import { numberField, shapes, valuesOf } from "../../frames.ts";
import { type Answer, Given, type GivenFrame } from "../../given.ts";
import { VirtualTime } from "../../virtual_time.ts";
import type { Told, VehicleView, View } from "../check.ts";

/** What all of a stage's records are. */
export const vehicle = parseVehicleId("sim-1");
export const epoch: Epoch = parseEpoch(7n);
export const className: Class = "normal";

const shape = shapes[0];

/** See the head of this file. */
export class Stage {
  readonly database = new Database({ kind: "durable", time: new VirtualTime() });
  readonly given = new Given();
  readonly aside: QuarantineEntry[] = [];
  readonly lines: LedgerEntry[] = [];
  nowMs = 0;
  healthySinceMs: number | undefined = 0;
  vehicle: VehicleView = {
    id: vehicle,
    ringBytesMax: 100,
    peakBytes: 100,
    unsettled: [],
    hasLost: false,
    hadReadFaults: false,
    openSinceMs: undefined,
  };

  /** A frame that was given and answered as that seq. */
  answer(seq: number, options: Partial<GivenFrame> = {}): Answer {
    const frame = this.given.add({
      vehicle,
      class: className,
      ts: 1_000n + BigInt(seq),
      shape,
      isPoisoned: false,
      ...options,
    });
    const answer = { vehicle, class: className, epoch, first: seq, frames: [frame], atMs: this.nowMs };
    this.given.answer(answer);
    return answer;
  }

  /** A row with that frame. */
  store(
    seq: number,
    { number, offsetNs = 0n, of = vehicle }: { number: number; offsetNs?: bigint; of?: string },
  ): void {
    const ts = (this.given.frames.get(number)?.ts ?? 0n) + offsetNs;
    this.#insert("telemetry", { seq, ts, of, cells: [[numberField, "f64", number]] });
  }

  /** A gap record in the store. */
  gap(first: number, last: number, cause = "overwritten"): void {
    this.#insert("ss_gap", {
      seq: 1_000 + first,
      ts: 1n,
      of: vehicle,
      cells: [
        ["epoch$2", "str", epoch.toString()],
        ["class$2", "str", className],
        ["first", "f64", first],
        ["last", "f64", last],
        ["cause", "str", cause],
      ],
    });
  }

  /** A line of the ledger. */
  line(line: Partial<LedgerEntry>): void {
    this.lines.push({ ...emptyLedgerEntry({ vehicle, epoch, class: className }, { sinceNs: 0n }), ...line });
  }

  /** An entry of the quarantine. */
  quarantine(first: number, last: number, { code = "bad_batch", sequence = 1 } = {}): void {
    this.aside.push({
      vehicle,
      epoch,
      class: className,
      ranges: [{ first, last }],
      code,
      reason: "by test",
      place: { lane: "live", partition: 0, sequence, item: 0 },
      relay: parseRelayName("relay-1"),
      receivedAtNs: 0n,
      bytes: 0,
      state: "kept",
      tries: 0,
      decidedAtNs: 0n,
    });
  }

  /** A word of ingest about these seqs. */
  told(ranges: Ranges, kind: Told["kind"] = "committed"): Told {
    return { vehicle, epoch, class: className, ranges, kind, by: "notice" };
  }

  view(): View {
    return {
      nowMs: this.nowMs,
      given: this.given,
      database: this.database,
      vehicles: () => [this.vehicle],
      healthySinceMs: this.healthySinceMs,
      isLogTrimmed: false,
      quarantined: () => this.aside,
      ledger: () => this.lines,
    };
  }

  #insert(
    table: string,
    row: {
      seq: number;
      ts: bigint;
      of: string;
      cells: readonly (readonly [string, ColumnType, number | string])[];
    },
  ): void {
    const { seq, ts, of, cells } = row;
    const isPlain = table === "telemetry";
    const number = Number(cells[0][2]);
    const own = isPlain
      ? shape.fields.map(({ name, type }, at) => [name, type as ColumnType, valuesOf(number, shape)[at]] as const)
      : cells;
    this.database.insert({
      table,
      stream: parseStream(table),
      vehicle: parseVehicleId(of),
      epoch,
      class: classNumber(className),
      ts: BigInt64Array.of(ts),
      seqs: Float64Array.of(seq),
      columns: own.map(([column, type, value]) => ({
        column,
        type,
        presence: Uint8Array.of(2),
        values: type === "f64" ? Float64Array.of(Number(value)) : [String(value)],
      })),
      overflow: undefined,
    });
  }
}
