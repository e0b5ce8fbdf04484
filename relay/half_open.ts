/**
 * Links that have not logged in yet, and which of them makes room when all places are taken. Nothing is known of them but
 * their address, so the place is taken from the address that holds most: strangers push out strangers, and a vehicle with
 * an address of its own gets in however many they are. Where all hold the same, who has been here longest goes, provided
 * that it had the time that a login takes.
 */
import { halfOpenGraceMs } from "./limits.ts";

/** One of them. */
export interface HalfOpenLink {
  readonly address: string;
  /** Since when it is here, uptime in ms. */
  readonly sinceMs: number;
  /** Called when it has lost its place. */
  readonly onDisplaced: () => void;
}

/** See the head of this file. */
export class HalfOpenLinks {
  /** In the order in which they came, as are those of each address. */
  readonly #all = new Set<HalfOpenLink>();
  readonly #byAddress = new Map<string, Set<HalfOpenLink>>();

  get size(): number {
    return this.#all.size;
  }

  /** How many are of this address. */
  sizeOf(address: string): number {
    return this.#byAddress.get(address)?.size ?? 0;
  }

  add(link: HalfOpenLink): void {
    this.#all.add(link);
    const ofAddress = this.#byAddress.get(link.address) ?? new Set();
    this.#byAddress.set(link.address, ofAddress.add(link));
  }

  /** False when it was not here any more. */
  delete(link: HalfOpenLink): boolean {
    const ofAddress = this.#byAddress.get(link.address);
    if (ofAddress?.delete(link) === true && ofAddress.size === 0) this.#byAddress.delete(link.address);
    return this.#all.delete(link);
  }

  /** The one that makes room for a newcomer of this address, if one has to. */
  displaceable(address: string, nowMs: number): HalfOpenLink | undefined {
    const crowd = this.#largestCrowd();
    // Were it taken from those who hold one more, two addresses would push each other out in turn.
    if (crowd.size > this.sizeOf(address) + 1) return oldestOf(crowd);
    const oldest = oldestOf(this.#all);
    return oldest !== undefined && nowMs - oldest.sinceMs >= halfOpenGraceMs ? oldest : undefined;
  }

  #largestCrowd(): ReadonlySet<HalfOpenLink> {
    let largest: ReadonlySet<HalfOpenLink> = new Set();
    for (const crowd of this.#byAddress.values()) if (crowd.size > largest.size) largest = crowd;
    return largest;
  }
}

function oldestOf(links: ReadonlySet<HalfOpenLink>): HalfOpenLink | undefined {
  const [oldest] = links;
  return oldest;
}
