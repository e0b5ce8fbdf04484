/** Entries of the quarantine: what was kept aside, why, and where it lies in the log. */
import { type Code, codes, isCode } from "#proto/errors.ts";
import { classes } from "#proto/class.ts";
import { epochOf, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import type { Ranges } from "#proto/ranges.ts";
import type { QuarantineEntry } from "../lib/store/store.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import type { UnreadableItem } from "./unpack.ts";

/** Why seqs of a batch are kept aside: a code of ours, or a repeat that differs from what is stored. */
export interface QuarantineCause {
  readonly code: Code | "different_body";
  readonly ranges: Ranges;
}

/** The entry of a batch. */
export function quarantineEntryOf(delivery: Delivery, cause: QuarantineCause): QuarantineEntry {
  const { relay, header, place, item, bytes } = delivery;
  return {
    vehicle: relay.vehicle,
    epoch: header.epoch,
    class: classes[header.class],
    first: cause.ranges[0].first,
    last: cause.ranges[cause.ranges.length - 1].last,
    code: cause.code,
    reason: reasonOf(delivery, cause.code),
    place: { ...place, item },
    relay: relay.relay,
    receivedAtNs: relay.receivedAtNs,
    batch: bytes,
  };
}

function reasonOf({ content }: Delivery, code: string): string {
  if ("fault" in content) return content.fault.message;
  if (code === "different_body") return "A repeat differs from the rows that are stored under its keys";
  return isCode(code) ? codes[code].title : code;
}

/** The entry of bytes that name no vehicle or range: only a faulty relay makes such. Kept under a name of its own. */
export function unreadableEntryOf(
  { place, placedAtNs }: LogMessage,
  { item, fault, bytes }: UnreadableItem,
): QuarantineEntry {
  return {
    vehicle: parseVehicleId("unreadable"),
    epoch: epochOf(new Uint8Array(8)),
    class: "normal",
    first: 0,
    last: 0,
    code: fault.code,
    reason: fault.message,
    place: { ...place, item },
    relay: parseRelayName("unknown"),
    receivedAtNs: placedAtNs,
    batch: bytes,
  };
}
