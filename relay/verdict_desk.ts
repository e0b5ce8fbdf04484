/**
 * Brings what ingest has decided to the vehicles that wait for it. Source: protocol.md section 4.7.
 *
 * Verdicts go to a vehicle's live session whatever session they were registered under: they speak of records. Places
 * that the owner has passed concern every vehicle of the partition: those with verdicts hear them at once, the others
 * once a second.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { asFault } from "#proto/errors.ts";
import {
  type VerdictNotice,
  type VerdictNotice_Entry,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseVehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { partitionCount } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { verdictFrames } from "./bookkeeping.ts";
import type { LiveSession } from "./live_session.ts";
import type { Registry } from "./registry.ts";
import type { PassedPlaces } from "./session.ts";

/** The desk of one shard. */
export class VerdictDesk {
  readonly #registry: Registry<LiveSession>;
  readonly #log: Log;
  // At most one per partition.
  readonly #passed = new Map<number, PassedPlaces>();

  constructor(options: { registry: Registry<LiveSession>; log: Log }) {
    this.#registry = options.registry;
    this.#log = options.log;
  }

  /** Takes an encoded VerdictNotice; one that cannot be understood is logged, and repeated by its sender some day. */
  handleNotice(bytes: Uint8Array): void {
    try {
      this.#route(fromBinary(VerdictNoticeSchema, bytes));
    } catch (thrown) {
      this.#log.error("Cannot route a verdict notice", { bytes: bytes.byteLength, reason: asFault(thrown).message });
    }
  }

  /** Tells the sessions of every partition that has moved on, as far as they do not know yet. */
  tellPassed(): void {
    for (const [partition, passed] of this.#passed) {
      for (const live of this.#registry.inPartition(partition)) {
        if (live.session.takePassed(passed)) live.say(...verdictFrames({ committed: [], quarantined: [] }, passed));
      }
    }
    this.#passed.clear();
  }

  #route({ entries, partition, passed }: VerdictNotice): void {
    for (const entry of entries) this.#tell(entry, { partition, passed });
    if (passed !== undefined && partition < partitionCount) this.#passed.set(partition, passed);
  }

  #tell(entry: VerdictNotice_Entry, notice: { partition: number; passed: PassedPlaces | undefined }): void {
    // An id of no valid form has no session here; the other entries are worth telling all the same.
    const live = vehicleIdPattern.test(entry.vehicleId)
      ? this.#registry.of(parseVehicleId(entry.vehicleId))
      : undefined;
    if (live === undefined) return;
    const passed = live.session.partition === notice.partition ? notice.passed : undefined;
    if (passed !== undefined) live.session.takePassed(passed);
    live.say(...verdictFrames(entry, passed));
  }
}
