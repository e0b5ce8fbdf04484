/**
 * Hears that owners of partitions work, and has those vehicles tell their inventory whose answer came from an earlier
 * start of the owner: its store may have been taken back to an older state meanwhile. Source: protocol.md section 4.7.
 *
 *     notice -> session known to that start: nothing
 *                `- not known: wait, drawn from 0 to inventorySpreadMs -> still not known: InventoryWanted
 *
 * What comes of it is the inventory desk's. A vehicle that did not answer is asked again after the next notice.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { asFault } from "#proto/errors.ts";
import { OwnerNoticeSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { encodeMessage } from "#proto/link_message.ts";
import { inventorySpreadMs } from "./limits.ts";
import type { Node } from "./node.ts";
import type { Registry } from "./registry.ts";
import type { LiveSession } from "./live_session.ts";

/** The desk of one shard. */
export class OwnerDesk {
  readonly #node: Node;
  readonly #registry: Registry<LiveSession>;
  /** Sessions that sit out their wait; one each. */
  readonly #waiting = new Set<LiveSession>();

  constructor(node: Node, registry: Registry<LiveSession>) {
    this.#node = node;
    this.#registry = registry;
  }

  /** Takes an encoded OwnerNotice; one that cannot be understood is logged, and the next one comes soon. */
  handleNotice(bytes: Uint8Array): void {
    try {
      const { partitions, beganNs } = fromBinary(OwnerNoticeSchema, bytes);
      for (const partition of new Set(partitions)) {
        for (const live of this.#registry.inPartition(partition)) this.#look(live, beganNs);
      }
    } catch (thrown) {
      const reason = asFault(thrown).message;
      this.#node.log.error("Cannot understand an owner's notice", { bytes: bytes.byteLength, reason });
    }
  }

  #look(live: LiveSession, ownerBeganNs: bigint): void {
    if (live.isKnownTo(ownerBeganNs) || this.#waiting.has(live)) return;
    this.#waiting.add(live);
    const { clock, random } = this.#node;
    const ask = () => {
      if (live.isKnownTo(ownerBeganNs)) return;
      this.#node.counters.inventoriesWanted += 1;
      live.say(encodeMessage("inventoryWanted", {}));
    };
    // A session that ends meanwhile needs no question.
    clock.after(random.fraction() * inventorySpreadMs, live.over).then(ask, () => undefined)
      .finally(() => this.#waiting.delete(live));
  }
}
