/** What was kept aside, as people look at it: everything but the bytes. Pure. */
import { quarantineId } from "../lib/store/bookkeeping.ts";
import type { QuarantineEntry } from "../lib/store/store.ts";

/** One batch that was kept aside. */
export interface QuarantineView {
  /** Names it in further requests. */
  readonly id: string;
  readonly epoch: string;
  readonly class: string;
  readonly first: number;
  readonly last: number;
  readonly code: string;
  readonly reason: string;
  /** Where it stands in the log. */
  readonly place: QuarantineEntry["place"];
  readonly relay: string;
  /** When the relay took it, nanoseconds since 1970. */
  readonly received_at: string;
  /** Size of the batch. */
  readonly bytes: number;
}

/** Shows an entry. */
export function quarantineView(entry: QuarantineEntry): QuarantineView {
  const { first, last, code, reason, place, relay } = entry;
  return {
    id: quarantineId(entry),
    epoch: entry.epoch.toString(),
    class: entry.class,
    first,
    last,
    code,
    reason,
    place,
    relay,
    received_at: entry.receivedAtNs.toString(),
    bytes: entry.batch.length,
  };
}
