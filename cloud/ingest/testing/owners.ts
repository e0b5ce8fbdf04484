/** Owners of all partitions that come and go as a test says, over one store and one log. */
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { OwnerNotice, VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseStream, parseVehicleId } from "#proto/ids.ts";
import { partitionCount } from "#proto/limits.ts";
import { partitionOf } from "#proto/subjects.ts";
import { makeShape, type Shape, type Value } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { openSqlite } from "../../lib/store/io/sqlite.ts";
import type { QuarantineEntry } from "../../lib/store/quarantine_entry.ts";
import type { WriteOutcome } from "../../lib/store/rows.ts";
import type { Store } from "../../lib/store/store.ts";
import { createStore } from "../../lib/store/table_store.ts";
import { Ingest } from "../ingest.ts";
import type { LogMessage } from "../log_message.ts";
import type { LogExtent } from "../places.ts";
import type { IngestPorts } from "../ports.ts";
import { fromWire } from "../wire.ts";
import { type BatchItem, batchOf, recordsOf, silent, startNs, vehicle } from "./stage.ts";

/** What each owner owns. */
export const allPartitions = Array.from({ length: partitionCount }, (_, partition) => partition);

/** A shape with one number, `a`. */
export function numberShape(stream: string): Shape {
  return makeShape(parseStream(stream), [{ name: "a", type: "f64" }]);
}

/** A batch of the records from `first` to `last`. */
export function batch(
  first: number,
  last: number,
  options: { shape?: Shape; value?: (seq: number) => Value } = {},
): BatchItem {
  return batchOf(recordsOf({ first, last }, options));
}

/**
 * An ingest over a real SQLite file, with the log, the bucket and the shards in the test's hands. As a lazy store it can
 * forget, in a power cut, what it took since it was last kept.
 */
class OwnersStage {
  readonly clock = new VirtualClock();
  readonly notices: VerdictNotice[] = [];
  /** To whom they went. */
  readonly relays: string[] = [];
  readonly announced: OwnerNotice[] = [];
  readonly bucket = new Map<string, Uint8Array>();
  readonly path = Deno.makeTempFileSync({ suffix: ".db" });
  store: Store = createStore(openSqlite({ path: this.path }));
  #sequence = 0;
  #life = 1;

  /** A new owner of all partitions, which has read nothing yet. */
  async ingest(): Promise<Ingest> {
    const ingest = new Ingest(this.ports());
    await ingest.own(allPartitions, { log: this.log });
    return ingest;
  }

  /** What an owner is given here. */
  ports(): IngestPorts {
    return {
      store: this.#present(),
      shapes: { find: (hash) => Promise.resolve(this.bucket.get(hash)) },
      proofs: undefined,
      verdicts: {
        publish: ({ relay }, notice) => {
          this.notices.push(notice);
          this.relays.push(relay);
        },
        announce: (notice) => this.announced.push(notice),
      },
      clock: this.clock,
      log: silent,
    };
  }

  /** All that the store has taken is on its disk now. */
  async keep(): Promise<void> {
    await this.#reopen(() => Deno.copyFile(this.path, `${this.path}-kept`));
  }

  /** The store forgets what was not kept, and is there again. */
  async cutPower(): Promise<void> {
    await this.#reopen(() => Deno.copyFile(`${this.path}-kept`, this.path));
    this.#life++;
  }

  /** The log as it is now. */
  get log(): LogExtent {
    return { id: "log", first: 1, last: this.#sequence };
  }

  async #reopen(meanwhile: () => Promise<void>): Promise<void> {
    await this.store.close();
    await meanwhile();
    this.store = createStore(openSqlite({ path: this.path }));
  }

  /** The store that is there when it is called. */
  #present(): Store {
    const life = () => Promise.resolve(`${this.#life}`);
    return new Proxy(this.store, {
      get: (_, name) => name === "life" ? life : Reflect.get(this.store, name).bind(this.store),
    });
  }

  /** A message of the log with these items. */
  message(items: readonly BundleItem[], lane: TelemetryLane = "live"): LogMessage {
    const place = { lane, partition: partitionOf(vehicle), sequence: ++this.#sequence };
    return { place, tenure: 1, placedAtNs: startNs, bytes: encodeBundle(items) };
  }

  /** Ranges told as committed and as quarantined, joined over all notices since the last call. */
  told(): { committed: unknown; quarantined: unknown } {
    const entries = this.notices.splice(0).flatMap((notice) => notice.entries);
    const joined = (pick: "committed" | "quarantined") =>
      entries.flatMap((entry) => fromWire(entry[pick])).flatMap(({ ranges }) => ranges);
    return { committed: joined("committed"), quarantined: joined("quarantined") };
  }

  async seqsIn(stream: string): Promise<number[]> {
    const page = await this.store.rows({ vehicle, stream: parseStream(stream), limit: 1000 });
    return page.rows.map(({ seq }) => seq);
  }

  async quarantined(id: string = vehicle): Promise<readonly QuarantineEntry[]> {
    return (await this.store.quarantined(parseVehicleId(id), { limit: 100 })).entries;
  }

  async close(): Promise<void> {
    await this.store.close();
    for (const end of ["", "-wal", "-shm", "-kept"]) await Deno.remove(this.path + end).catch(() => undefined);
  }
}

/** Defines a test with a stage of its own. No owner is there yet. */
export function scenario(name: string, run: (stage: OwnersStage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = new OwnersStage();
    try {
      await run(stage);
    } finally {
      await stage.close();
    }
  });
}

/** The store, with one stream's table suspended. */
export function suspending(store: Store, stream: string): Store {
  const write = async (...[blocks, aside]: Parameters<Store["write"]>): Promise<WriteOutcome> => {
    const suspended = blocks.some(({ block }) => block.shape.stream === stream) ? [parseStream(stream)] : [];
    await store.write(blocks.filter(({ block }) => block.shape.stream !== stream), aside);
    return { suspended };
  };
  return new Proxy(store, { get: (target, name) => name === "write" ? write : Reflect.get(target, name).bind(target) });
}
