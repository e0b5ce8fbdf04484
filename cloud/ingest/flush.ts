/** Makes durable what an owner knows: ledger lines, accounts and places. */
import { asFault } from "#proto/errors.ts";
import type { Owner } from "./owner.ts";

/**
 * Writes what has changed since the last call. In a new life of the store there is no new place for those who were there
 * before: what it has forgotten must be written again first. Rejects with `store_failed`: the next call writes it.
 */
export async function flush(
  { store, clock, ledger, figures, tenures, waiting }: Pick<
    Owner,
    "store" | "clock" | "ledger" | "figures" | "tenures" | "waiting"
  >,
): Promise<void> {
  const life = await store.life();
  const due = tenures.due({ atNs: clock.wallNs(), life }, waiting.places);
  const changes = ledger.takeChanged(clock.wallNs());
  figures.take(changes.accounts);
  try {
    // Lines first: a place without its lines would skip what the ledger does not know.
    if (changes.accounts.length > 0) await store.saveLedger(changes.lines, changes.accounts);
    if (due.length > 0) await store.saveCheckpoints(due);
  } catch (error) {
    ledger.giveBack(changes);
    throw asFault(error, "store_failed");
  }
  for (const checkpoint of due) tenures.handleSaved(checkpoint);
}
