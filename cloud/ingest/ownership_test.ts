import { deepStrictEqual as equal, ok, rejects } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { partitionCount } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { leaseRenewMs, leaseRetryMs, leaseTtlMs, shareIntervalMs } from "./limits.ts";
import { type LeaseBoard, Ownership } from "./ownership.ts";
import type { Sight } from "./shares.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The bucket of leases: what is not renewed in time is gone. */
class Bucket {
  readonly #clock: VirtualClock;
  readonly #leases = new Map<string, { owner: string; untilMs: number }>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  ownerOf(key: string): string | undefined {
    const lease = this.#leases.get(key);
    return lease !== undefined && lease.untilMs > this.#clock.uptimeMs() ? lease.owner : undefined;
  }

  put(key: string, owner: string): void {
    this.#leases.set(key, { owner, untilMs: this.#clock.uptimeMs() + leaseTtlMs });
  }

  remove(key: string): void {
    this.#leases.delete(key);
  }

  get keys(): string[] {
    return [...this.#leases.keys()].filter((key) => this.ownerOf(key) !== undefined);
  }
}

/** One instance: its board, its store and log of deeds, all in the test's hands. */
class Instance implements LeaseBoard {
  readonly deeds: string[] = [];
  readonly owned = new Map<number, string>();
  readonly stopping = new AbortController();
  readonly ownership: Ownership;
  readonly #name: string;
  readonly #bucket: Bucket;
  /** Stopped as by SIGSTOP, or cut off from the bucket. */
  isAway = false;
  isUsurped = false;
  storeIsAway = false;
  life = "first";
  running: Promise<void> = Promise.resolve();

  constructor(name: string, bucket: Bucket, clock: VirtualClock) {
    this.#name = name;
    this.#bucket = bucket;
    this.ownership = new Ownership({
      instance: name,
      board: this,
      ingest: {
        own: (partitions) => {
          if (this.storeIsAway) return Promise.reject(new Fault("store_failed", "away"));
          for (const partition of partitions) this.owned.set(partition, this.life);
          this.deeds.push(`own ${partitions.length}`);
          return Promise.resolve({
            tenure: 1,
            from: { live: 0, backfill: 0 },
            missed: { replay: 0, unread: 0 },
            isReplay: false,
          });
        },
        disown: (partitions) => {
          for (const partition of partitions) this.owned.delete(partition);
          this.deeds.push(`disown ${partitions.length}`);
        },
        flush: () => {
          this.deeds.push("flush");
          return this.storeIsAway ? Promise.reject(new Fault("store_failed", "away")) : Promise.resolve();
        },
        ownedBeforeRestart: () =>
          Promise.resolve([...this.owned].filter(([, life]) => life !== this.life).map(([partition]) => partition)),
      },
      service: { inTurn: (work) => work() },
      attendance: {
        begin: ({ partitions }) => void this.deeds.push(`read ${partitions.length}`),
        end: (partitions) => void this.deeds.push(`end ${partitions.length}`),
      },
      logExtent: () => Promise.resolve({ id: "log", first: 1, last: 0 }),
      clock,
      log: silent,
    });
  }

  start(): void {
    this.running = this.ownership.run(this.stopping.signal);
  }

  announce(): Promise<void> {
    if (this.isUsurped) return Promise.reject(new Fault("unavailable", "another process works under this name"));
    return this.#reach(() => this.#bucket.put(`m.${this.#name}`, this.#name));
  }

  look(): Promise<Sight> {
    return this.#reach(() => {
      const members = this.#bucket.keys.filter((key) => key.startsWith("m.")).map((key) => key.slice(2));
      const taken = this.#bucket.keys.filter((key) => key.startsWith("p"));
      return { members, owners: new Map(taken.map((key) => [Number(key.slice(1)), this.#bucket.ownerOf(key)!])) };
    });
  }

  claim(partition: number): Promise<boolean> {
    return this.#reach(() => {
      const owner = this.#bucket.ownerOf(`p${partition}`);
      if (owner !== undefined && owner !== this.#name) return false;
      this.#bucket.put(`p${partition}`, this.#name);
      return true;
    });
  }

  renew(): Promise<number[]> {
    return this.#reach(() =>
      [...this.owned.keys()].filter((partition) => {
        const isOurs = this.#bucket.ownerOf(`p${partition}`) === this.#name;
        if (isOurs) this.#bucket.put(`p${partition}`, this.#name);
        return !isOurs;
      })
    );
  }

  release(partition: number): Promise<void> {
    ok(!this.owned.has(partition), "released only when it is not worked any more");
    this.deeds.push("release");
    return this.#reach(() => {
      if (this.#bucket.ownerOf(`p${partition}`) === this.#name) this.#bucket.remove(`p${partition}`);
    });
  }

  leave(): Promise<void> {
    return this.#reach(() => this.#bucket.remove(`m.${this.#name}`));
  }

  #reach<T>(work: () => T): Promise<T> {
    return this.isAway ? Promise.reject(new Fault("log_failed", "away")) : Promise.resolve(work());
  }
}

function stage(...names: string[]): { clock: VirtualClock; instances: Instance[]; stop: () => Promise<void> } {
  const clock = new VirtualClock();
  const bucket = new Bucket(clock);
  const instances = names.map((name) => new Instance(name, bucket, clock));
  const stop = async () => {
    for (const { stopping } of instances) stopping.abort();
    await clock.run(Promise.all(instances.map(({ running }) => running)));
  };
  return { clock, instances, stop };
}

const sizes = (instances: readonly Instance[]) => instances.map(({ owned }) => owned.size);

Deno.test("one that is alone owns all; others that come get their share, given up in good order", async () => {
  const { clock, instances: [a, b, c], stop } = stage("a", "b", "c");
  a.start();
  await clock.advance(10);
  equal([sizes([a]), a.ownership.waitingFor], [[partitionCount], ""]);
  a.deeds.length = 0;
  b.start();
  await clock.advance(3 * shareIntervalMs);
  equal(sizes([a, b]), [16, 16]);
  equal(a.deeds.slice(0, 3), ["flush", "end 16", "disown 16"]);
  equal(a.deeds.slice(3), Array(16).fill("release"));
  c.start();
  await clock.advance(4 * shareIntervalMs);
  equal(sizes([a, b, c]), [11, 11, 10]);
  b.stopping.abort();
  await clock.advance(4 * shareIntervalMs);
  equal(sizes([a, b, c]), [16, 0, 16]);
  await stop();
});

Deno.test("a dead one's partitions are taken over when its leases end", async () => {
  const { clock, instances: [a, b], stop } = stage("a", "b");
  a.start();
  b.start();
  await clock.advance(4 * shareIntervalMs);
  equal(sizes([a, b]), [16, 16]);
  a.isAway = true;
  await clock.advance(leaseTtlMs / 2);
  equal(b.owned.size, 16);
  await clock.advance(leaseTtlMs);
  equal(b.owned.size, partitionCount);
  // It wakes up, finds that it has lost its leases, and gets a share again.
  a.deeds.length = 0;
  a.isAway = false;
  await clock.advance(6 * shareIntervalMs);
  equal(a.deeds.slice(0, 2), ["end 16", "disown 16"]);
  equal(sizes([a, b]), [16, 16]);
  await stop();
});

Deno.test("a bucket that is away nearly as long as a lease lasts costs none", async () => {
  const { clock, instances: [a], stop } = stage("a");
  a.start();
  await clock.advance(leaseRenewMs - 1);
  a.isAway = true;
  a.deeds.length = 0;
  // Then each lease has been without a renewal for as long as it lasts, but for the time that a retry needs.
  await clock.advance(leaseTtlMs - leaseRenewMs - leaseRetryMs);
  a.isAway = false;
  await clock.advance(2 * leaseTtlMs);
  equal([a.owned.size, a.deeds], [partitionCount, []]);
  await stop();
});

Deno.test("partitions are not given up while what was done for them cannot be stored", async () => {
  const { clock, instances: [a, b], stop } = stage("a", "b");
  a.start();
  await clock.advance(10);
  a.storeIsAway = true;
  b.start();
  await clock.advance(5 * shareIntervalMs);
  equal(sizes([a, b]), [partitionCount, 0]);
  a.storeIsAway = false;
  await clock.advance(3 * shareIntervalMs);
  equal(sizes([a, b]), [16, 16]);
  await stop();
});

Deno.test("what was claimed and cannot be worked is left to others", async () => {
  const { clock, instances: [a, b], stop } = stage("a", "b");
  a.storeIsAway = true;
  a.start();
  await clock.advance(10);
  b.start();
  await clock.advance(5 * shareIntervalMs);
  equal(sizes([a, b]), [0, 16]);
  ok(a.ownership.waitingFor !== "");
  await stop();
});

Deno.test("after the store was started again everything is owned anew, under the same leases", async () => {
  const { clock, instances: [a], stop } = stage("a");
  a.start();
  await clock.advance(10);
  a.deeds.length = 0;
  a.life = "second";
  await clock.advance(shareIntervalMs);
  equal(a.deeds, [
    `end ${partitionCount}`,
    `disown ${partitionCount}`,
    `own ${partitionCount}`,
    `read ${partitionCount}`,
  ]);
  await stop();
});

Deno.test("one that stops while the store is away reads no more, and leaves its leases to their end", async () => {
  const { clock, instances: [a, b], stop } = stage("a", "b");
  a.start();
  await clock.advance(10);
  a.storeIsAway = true;
  a.stopping.abort();
  await clock.run(a.running);
  equal([a.owned.size, a.deeds.at(-2)], [0, `end ${partitionCount}`]);
  b.start();
  await clock.advance(2 * shareIntervalMs);
  equal(b.owned.size, 0);
  await clock.advance(leaseTtlMs);
  equal(b.owned.size, partitionCount);
  await stop();
});

Deno.test("another process under the same name ends this one", async () => {
  const { clock, instances: [a] } = stage("a");
  a.start();
  await clock.advance(10);
  a.isUsurped = true;
  await rejects(clock.run(a.running), { code: "unavailable" });
  equal(a.owned.size, 0);
});
