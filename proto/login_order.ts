/**
 * Which of two proven logins of one vehicle is the newer. Pure. Source: protocol.md section 3, takeover.
 *
 * | within one start of an agent | by the link counter, which rises with every login                          |
 * | across starts                | by the chain of epochs: the newer names the older one among its ancestors  |
 * | neither is in the other's    | unrelated: two disks, of which one is a copy, was restored, or is new      |
 *
 * A chain holds 16 ancestors. Who started more often without a link is unrelated to a session that is long dead by then.
 */
import type { Epoch } from "./ids.ts";

/** What the order of a login is told by; all of it signed by the vehicle. */
export interface LoginRank {
  /** 16 random bytes of one start of the agent, in hex. */
  readonly boot: string;
  /** Rises with every login of a boot. */
  readonly linkCounter: bigint;
  readonly epoch: Epoch;
  /** Newest first. */
  readonly ancestors: readonly Epoch[];
}

/** How one login stands to another. */
export type LoginOrder = "newer" | "older" | "same" | "unrelated";

/** How `one` stands to `other`. */
export function loginOrder(one: LoginRank, other: LoginRank): LoginOrder {
  if (one.boot === other.boot) {
    if (one.linkCounter === other.linkCounter) return "same";
    return one.linkCounter > other.linkCounter ? "newer" : "older";
  }
  const [descends, precedes] = [one.ancestors.includes(other.epoch), other.ancestors.includes(one.epoch)];
  // Who claims both ways has made up one of them.
  if (descends === precedes) return "unrelated";
  return descends ? "newer" : "older";
}
