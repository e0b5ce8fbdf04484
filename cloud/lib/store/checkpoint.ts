/** How far the messages of a partition were worked through, as the store keeps it for the next owner. */

/** A place in the log up to which one partition's messages all had their verdict at some time. */
export interface CommittedPlace {
  readonly atNs: bigint;
  readonly live: number;
  readonly backfill: number;
}

/** Where a partition's owner may start to replay, oldest first. */
export interface Checkpoint {
  readonly partition: number;
  /** The log that the places are of; another one begins anew at 1. */
  readonly log: string;
  /** {@link Store.life} of the database while all of this was written. */
  readonly life: string;
  readonly places: readonly CommittedPlace[];
}
