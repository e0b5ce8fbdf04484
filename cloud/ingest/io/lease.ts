/**
 * Leases on partitions, kept in a bucket whose keys vanish when they are not renewed. One owner per partition: the
 * ledger in memory is right only then.
 */
import type { JetStreamClient } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { Fault } from "#proto/errors.ts";
import { partitionCount } from "#proto/limits.ts";
import { leaseTtlMs } from "../limits.ts";

/** Bucket of the leases. */
export const leaseBucket = "partitions";

/** The leases that one owner holds. */
export interface Leases {
  readonly partitions: readonly number[];
  /** Prolongs all; rejects with `unavailable` when one is lost, and then nothing may be written any more. */
  renew(): Promise<void>;
  /** Gives all free. */
  release(): Promise<void>;
}

/**
 * Claims every partition that is free, or held under the same owner's name: an owner that crashed comes back at once.
 * Two processes must therefore never run under one name.
 */
export async function claimPartitions(js: JetStreamClient, owner: string): Promise<Leases> {
  const kv = await new Kvm(js).create(leaseBucket, { allow_direct: false, ttl: leaseTtlMs });
  const all = Array.from({ length: partitionCount }, (_, partition) => partition);
  const revisions = new Map<number, number>();
  await Promise.all(all.map(async (partition) => {
    const revision = await claim(kv, partition, owner);
    if (revision !== undefined) revisions.set(partition, revision);
  }));
  return {
    partitions: [...revisions.keys()].sort((a, b) => a - b),
    renew: async () => {
      await Promise.all([...revisions].map(async ([partition, revision]) => {
        revisions.set(partition, await renew(kv, { partition, owner, revision }));
      }));
    },
    release: async () => {
      await Promise.all([...revisions.keys()].map((partition) => kv.delete(keyOf(partition))));
    },
  };
}

function keyOf(partition: number): string {
  return `p${partition}`;
}

async function claim(kv: KV, partition: number, owner: string): Promise<number | undefined> {
  const entry = await kv.get(keyOf(partition));
  if (entry === null || entry.operation !== "PUT") return await attempt(() => kv.create(keyOf(partition), owner));
  if (entry.string() !== owner) return undefined;
  return await attempt(() => kv.update(keyOf(partition), owner, entry.revision));
}

/** Undefined when somebody else was faster. */
async function attempt(write: () => Promise<number>): Promise<number | undefined> {
  try {
    return await write();
  } catch (error) {
    if (isWrongRevision(error)) return undefined;
    throw error;
  }
}

async function renew(kv: KV, lease: { partition: number; owner: string; revision: number }): Promise<number> {
  try {
    return await kv.update(keyOf(lease.partition), lease.owner, lease.revision);
  } catch (error) {
    throw new Fault("unavailable", `Cannot renew the lease of partition ${lease.partition}`, { cause: error });
  }
}

/** JetStream's error 10071: the key's last revision is not the one that was named. */
function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 10071;
}
