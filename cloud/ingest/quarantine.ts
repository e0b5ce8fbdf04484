/** Entries of the quarantine: what was kept aside, why, and where it lies in the log. */
import type { Code } from "#proto/errors.ts";
import { classes } from "#proto/class.ts";
import { epochOf, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { none, type Ranges } from "#proto/ranges.ts";
import type { KeptAside, QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import type { UnreadableItem } from "./unpack.ts";

/** Why seqs of a batch are kept aside. */
export interface AsideCause {
  readonly code: Code;
  /** For people. */
  readonly reason: string;
  readonly ranges: Ranges;
}

/** Name under which that is kept which names no vehicle: only a faulty relay makes such. */
export const unreadableVehicle = parseVehicleId("unreadable");

const undecided = { state: "kept", tries: 0, decidedAtNs: 0n } as const;

/** A batch, part of which is kept aside. */
export function asideOf(delivery: Delivery, { code, reason, ranges }: AsideCause): KeptAside {
  const { relay, header, place, item, receivedAtNs, bytes } = delivery;
  const entry: QuarantineEntry = {
    vehicle: relay.vehicle,
    epoch: header.epoch,
    class: classes[header.class],
    ranges,
    code,
    reason,
    place: { ...place, item },
    relay: relay.relay,
    receivedAtNs,
    bytes: bytes.length,
    ...undecided,
  };
  return { entry, batch: bytes };
}

/** Bytes that name no range, and perhaps no vehicle either: no verdict can be given on them. */
export function unreadableAsideOf(
  { place, placedAtNs }: LogMessage,
  { item, fault, bytes, relay }: UnreadableItem,
): KeptAside {
  const entry: QuarantineEntry = {
    vehicle: relay?.vehicle ?? unreadableVehicle,
    epoch: epochOf(new Uint8Array(8)),
    class: "normal",
    ranges: none,
    code: fault.code,
    reason: fault.message,
    place: { ...place, item },
    relay: relay?.relay ?? parseRelayName("unknown"),
    receivedAtNs: placedAtNs,
    bytes: bytes.length,
    ...undecided,
  };
  return { entry, batch: bytes };
}
