/**
 * Who works and who owns which partition, kept in a bucket whose keys vanish when they are not renewed:
 *
 *     m.<instance>   the run of the instance that works under this name
 *     p<partition>   the instance that owns it
 */
import { jetstream, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { Fault } from "#proto/errors.ts";
import { leaseTtlMs, logTimeoutMs } from "../limits.ts";
import type { LeaseBoard } from "../ownership.ts";
import type { Sight } from "../shares.ts";

/** Bucket of the leases. */
export const leaseBucket = "partitions";
const memberPrefix = "m.";
/** Before a key, in the subjects of the bucket's stream. */
const keyPrefix = `$KV.${leaseBucket}.`;

/** Whose leases they are. */
export interface Tenant {
  /** A lease that another run of the same name left is taken over at once, so two of one name must not run together. */
  readonly instance: string;
  /** Tells this run of the instance from another. */
  readonly run: string;
}

/** Opens the bucket, created when it is missing. */
export async function openLeases(nats: NatsConnection, tenant: Tenant): Promise<LeaseBoard> {
  await new Kvm(nats).create(leaseBucket, { allow_direct: false, ttl: leaseTtlMs });
  // Bound, not opened: neither asks the server anything.
  const kv = await new Kvm(jetstream(nats, { timeout: logTimeoutMs })).open(leaseBucket, { allow_direct: false });
  const jsm = await jetstreamManager(nats, { timeout: logTimeoutMs, checkAPI: false });
  return new Leases({ kv, jsm }, tenant);
}

class Leases implements LeaseBoard {
  readonly #kv: KV;
  readonly #jsm: JetStreamManager;
  readonly #tenant: Tenant;
  /** Revision of each key that is ours. */
  readonly #revisions = new Map<string, number>();

  constructor({ kv, jsm }: { kv: KV; jsm: JetStreamManager }, tenant: Tenant) {
    this.#kv = kv;
    this.#jsm = jsm;
    this.#tenant = tenant;
  }

  async announce(): Promise<void> {
    const { instance, run } = this.#tenant;
    const key = memberPrefix + instance;
    const isFirst = !this.#revisions.has(key);
    if (!isFirst && await this.#prolong(key, run)) return;
    const found = await this.#find(key);
    if (!isFirst && found !== undefined && found.string() !== run) {
      throw new Fault("unavailable", `Cannot go on as instance "${instance}": another process works under this name`);
    }
    await this.#take(key, run, found);
  }

  /** Key by key: a consumer may lie on a node that dies, and the client waits a minute for what it does not say. */
  async look(): Promise<Sight> {
    const filter = { subjects_filter: `${keyPrefix}>` };
    const { state } = await this.#jsm.streams.info(`KV_${leaseBucket}`, filter);
    const keys = Object.keys(state.subjects ?? {}).map((subject) => subject.slice(keyPrefix.length));
    const entries = await Promise.all(keys.map((key) => this.#find(key)));
    const members: string[] = [];
    const owners = new Map<number, string>();
    for (const entry of entries) {
      if (entry === undefined) continue;
      if (entry.key.startsWith(memberPrefix)) members.push(entry.key.slice(memberPrefix.length));
      else owners.set(Number(entry.key.slice(1)), entry.string());
    }
    return { members, owners };
  }

  async claim(partition: number): Promise<boolean> {
    const { instance } = this.#tenant;
    const found = await this.#find(keyOf(partition));
    if (found !== undefined && found.string() !== instance) return false;
    return await this.#take(keyOf(partition), instance, found);
  }

  async renew(): Promise<number[]> {
    const { instance } = this.#tenant;
    const keys = [...this.#revisions.keys()].filter((key) => !key.startsWith(memberPrefix));
    const kept = await Promise.all(keys.map((key) => this.#prolong(key, instance)));
    return keys.filter((_, at) => !kept[at]).map((key) => Number(key.slice(1)));
  }

  async release(partition: number): Promise<void> {
    await this.#drop(keyOf(partition));
  }

  async leave(): Promise<void> {
    await this.#drop(memberPrefix + this.#tenant.instance);
  }

  async #find(key: string): Promise<KvEntry | undefined> {
    const entry = await this.#kv.get(key);
    return entry?.operation === "PUT" ? entry : undefined;
  }

  /** Takes a key that is free, or as it was found. Whether it worked: somebody else may have been faster. */
  async #take(key: string, value: string, found: KvEntry | undefined): Promise<boolean> {
    const revision = await unlessChanged(() =>
      found === undefined ? this.#kv.create(key, value) : this.#kv.update(key, value, found.revision)
    );
    if (revision !== undefined) this.#revisions.set(key, revision);
    return revision !== undefined;
  }

  /** False when the key has vanished, or is somebody else's. */
  async #prolong(key: string, value: string): Promise<boolean> {
    const before = this.#revisions.get(key);
    if (before === undefined) return false;
    const revision = await unlessChanged(() => this.#kv.update(key, value, before)) ??
      await this.#prolongUnsure(key, value);
    // It may have been released while this was under way.
    if (!this.#revisions.has(key)) return true;
    if (revision === undefined) this.#revisions.delete(key);
    else this.#revisions.set(key, revision);
    return revision !== undefined;
  }

  /** A prolongation whose answer was lost may have been made: then the key is ours still, under another revision. */
  async #prolongUnsure(key: string, value: string): Promise<number | undefined> {
    const { instance, run } = this.#tenant;
    const [found, member] = await Promise.all([this.#find(key), this.#find(memberPrefix + instance)]);
    if (found === undefined || found.string() !== value || member?.string() !== run) return undefined;
    return await unlessChanged(() => this.#kv.update(key, value, found.revision));
  }

  async #drop(key: string): Promise<void> {
    const revision = this.#revisions.get(key);
    if (revision === undefined) return;
    this.#revisions.delete(key);
    await unlessChanged(() => this.#kv.delete(key, { previousSeq: revision }));
  }
}

function keyOf(partition: number): string {
  return `p${partition}`;
}

/** Undefined when the key is not as it was. */
async function unlessChanged<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (isWrongRevision(error)) return undefined;
    throw new Fault("log_failed", "Cannot write to the bucket of leases", { cause: error });
  }
}

/** JetStream's errors 10071 and 10164: the key's last revision is not the one that was named. */
function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === 10071 || error.code === 10164);
}
