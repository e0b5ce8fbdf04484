/**
 * The nodes of the fleet as they tell of themselves, and which of them a vehicle is sent to. Pure. Source: protocol.md
 * section 3, step 0.
 *
 *     state -- within nodeSilenceMs, ready --> may be sent to, unless it is full or far above the others
 *          `-- silent, not ready           --> is sent nobody
 *
 * Of those that may be, a vehicle has its own order by rendezvous hashing: it comes back to the node that it was at, and a
 * node that comes or goes moves only the vehicles that it takes or leaves. Everybody reckons the same from the same states.
 */
import { createHash } from "node:crypto";
import type { RelayName } from "#proto/ids.ts";
import { isNodeName } from "#proto/transcript.ts";
import { nodeCrowdFactor, nodeCrowdLinks, nodeSilenceMs, nodesMax } from "./limits.ts";

/** What a shard tells of its node. */
export interface NodeState {
  /** Name and port that vehicles dial. */
  readonly node: string;
  readonly port: number;
  /** Whether it takes vehicles. */
  readonly ready: boolean;
  readonly links: number;
  readonly linksMax: number;
}

/** Where a vehicle is sent. */
export type NodeAddress = Pick<NodeState, "node" | "port">;

interface Heard extends NodeState {
  readonly atMs: number;
}

/** See the head of this file. Times are uptime in ms. */
export class NodeBoard {
  /** By relay and shard, in the order in which they were last heard. */
  readonly #heard = new Map<string, Heard>();

  /** Takes note of a state; what is no address of a node is left aside. */
  handleState({ relay, shard }: { relay: RelayName; shard: number }, state: NodeState, nowMs: number): void {
    if (!isNodeName(state.node) || state.port < 1 || state.port > 65_535) return;
    const key = `${relay}.${shard}`;
    this.#heard.delete(key);
    this.#heard.set(key, { ...state, atMs: nowMs });
    if (this.#heard.size > nodesMax) this.#heard.delete(this.#heard.keys().next().value!);
  }

  /** How many nodes take vehicles. */
  readyNodes(nowMs: number): number {
    return this.#open(nowMs, "").length;
  }

  /** The node for a vehicle, other than `except`; undefined when none takes it. */
  nodeFor(vehicle: string, nowMs: number, except = ""): NodeAddress | undefined {
    const open = this.#open(nowMs, except);
    const mean = open.reduce((sum, { links }) => sum + links, 0) / open.length;
    const crowdedAt = mean * nodeCrowdFactor + nodeCrowdLinks;
    const uncrowded = open.filter(({ links }) => links <= crowdedAt);
    const ranked = uncrowded.map((one) => ({ one, rank: rankOf(vehicle, one) }));
    const best = ranked.reduce<typeof ranked[number] | undefined>(
      (best, each) => best === undefined || each.rank > best.rank ? each : best,
      undefined,
    );
    return best && { node: best.one.node, port: best.one.port };
  }

  #open(nowMs: number, except: string): NodeState[] {
    return [...this.#heard.values()].filter(({ atMs, ready, links, linksMax, node }) =>
      nowMs - atMs <= nodeSilenceMs && ready && links < linksMax && node !== except
    );
  }
}

function rankOf(vehicle: string, { node, port }: NodeAddress): bigint {
  return createHash("sha256").update(`${node}:${port}/${vehicle}`).digest().readBigUInt64BE();
}
