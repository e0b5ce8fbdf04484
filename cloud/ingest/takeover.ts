/** Takes partitions over with what the store knows of them, and gives them up. */
import { partitionOf } from "#proto/subjects.ts";
import { accountPages } from "../lib/completeness/account_pages.ts";
import type { Checkpoint } from "../lib/store/checkpoint.ts";
import type { Owner } from "./owner.ts";
import type { LogExtent } from "./places.ts";
import type { TakeOver } from "./tenures.ts";

/** Takes partitions over as they lie in the store and in the log. Rejects with `store_failed`: then none is owned. */
export async function takeOver(
  partitions: readonly number[],
  { log: extent }: { log: LogExtent },
  owner: Owner,
): Promise<TakeOver> {
  const { store, clock, tenures, figures, counters, log } = owner;
  giveUp(partitions, owner);
  const life = await store.life();
  const known = new Map<number, Checkpoint | undefined>();
  for (const partition of partitions) known.set(partition, await store.checkpoint(partition));
  const accounts = (await Array.fromAsync(accountPages(store))).flat();
  // Nothing is taken over before all is read: a store that fails on the way must not leave half an owner.
  figures.take(accounts.filter(({ vehicle }) => partitions.includes(partitionOf(vehicle))));
  const taken = tenures.take(known, { life, log: extent, beganNs: clock.wallNs() });
  const { replay, unread } = taken.missed;
  counters.missed += replay + unread;
  if (replay + unread > 0) {
    log.error("The log has lost messages that are wanted", { replay, unread, first: extent.first });
  }
  return taken;
}

/** Forgets partitions that others may own from now on. What was not flushed is in the log still. */
export function giveUp(
  partitions: readonly number[],
  { tenures, waiting, ledger, held, figures, sessions }: Owner,
): void {
  tenures.leave(partitions);
  for (const partition of partitions) {
    for (const memory of [waiting, ledger, held, figures, sessions]) memory.forget(partition);
  }
}
