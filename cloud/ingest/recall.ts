/**
 * Brings into memory what the store knows, before anything is decided on it. Asks a store that is away until it answers.
 */
import type { VehicleId } from "#proto/ids.ts";
import { quarantinePageMax } from "../lib/store/limits.ts";
import { quarantineId } from "../lib/store/quarantine_documents.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Owner } from "./owner.ts";
import { unreadableVehicle } from "./quarantine.ts";
import type { Unpacked } from "./unpack.ts";

/** The ledger's lines of vehicles, and their accounts. All of them stay until the next call, however many they are. */
export async function recallLedgers(
  vehicles: Iterable<VehicleId>,
  { ledger, store, writer }: Pick<Owner, "ledger" | "store" | "writer">,
): Promise<void> {
  ledger.trim();
  for (const vehicle of new Set(vehicles)) {
    if (ledger.has(vehicle)) continue;
    const read = () => Promise.all([store.ledger(vehicle), store.account(vehicle)]);
    const [entries, account] = await writer.untilItAnswers("load a ledger", read);
    // Two callers may have waited for the same vehicle: the first one's lines stay.
    if (!ledger.has(vehicle)) ledger.load(vehicle, entries, account);
  }
}

/** What quarantine holds of messages that may have been worked by a former owner. Stays until the next call. */
export async function recallHeld(
  unpacked: readonly Unpacked[],
  owner: Pick<Owner, "held" | "tenures" | "store" | "writer">,
): Promise<void> {
  owner.held.trim();
  const items = unpacked.flatMap(({ deliveries, unreadable }) => [...deliveries, ...unreadable]);
  for (const { place, relay } of items) {
    const vehicle = relay?.vehicle ?? unreadableVehicle;
    if (!owner.tenures.isFromBefore(place) || owner.held.has(vehicle)) continue;
    owner.held.load(vehicle, await entriesOf(vehicle, owner));
  }
}

async function entriesOf(
  vehicle: VehicleId,
  { tenures, store, writer }: Pick<Owner, "tenures" | "store" | "writer">,
): Promise<QuarantineEntry[]> {
  const behind = tenures.oldestRead;
  const entries: QuarantineEntry[] = [];
  while (true) {
    const last = entries.at(-1);
    const query = { behind, limit: quarantinePageMax, ...(last && { after: quarantineId(last) }) };
    const page = await writer.untilItAnswers("read the quarantine", () => store.quarantined(vehicle, query));
    entries.push(...page.entries);
    if (!page.more) return entries;
  }
}
