/**
 * Who may connect, before anything is known of who it is: bounds on links, on half-open ones in all and per address,
 * and on the rate of new ones per address. Strangers are turned away with a close code before a byte is read.
 *
 *     (nothing) -- admit --> half open -- loggedIn --> open -- left --> (nothing)
 *                               |------- left ------------------------^
 *                               `------- displaced by a newcomer --- left --^
 */
import { addressOf } from "#proto/base/address.ts";
import { TokenBucket } from "#proto/token_bucket.ts";
import { type HalfOpenLink, HalfOpenLinks } from "./half_open.ts";
import { addressBurstSeconds, addressesMax, handshakesInVainBurst } from "./limits.ts";

/** Bounds; defaults in limits.ts. */
export interface AdmissionLimits {
  readonly linksMax: number;
  readonly halfOpenMax: number;
  readonly halfOpenPerAddressMax: number;
  readonly linksPerSecondAndAddress: number;
  readonly handshakesInVainPerSecond: number;
}

/** Which bound turned a link away; a metric's label. */
export type Refusal = "links" | "half_open" | "half_open_per_address" | "rate_per_address";

/** A link that was let in. Call the methods as its life goes on; `left` once, at its end. */
export interface Admitted {
  loggedIn(): void;
  left(): void;
}

/** A link that wants in. */
export interface Newcomer {
  /** `host:port`. */
  readonly peer: string;
  /** Called when it is to go, for another takes its place. Never after it has logged in or left. */
  readonly onDisplaced: () => void;
}

/** The door of one shard. Times are uptime in ms. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #halfOpen = new HalfOpenLinks();
  /** Links that may still come, per address. In order of last use, so that the first is the one to forget. */
  readonly #rates = new Map<string, TokenBucket>();
  readonly #handshakes: TokenBucket;
  #links = 0;

  constructor(limits: AdmissionLimits, nowMs: number) {
    this.#limits = limits;
    this.#handshakes = new TokenBucket(
      { perSecond: limits.handshakesInVainPerSecond, burst: handshakesInVainBurst },
      nowMs,
    );
  }

  get links(): number {
    return this.#links;
  }

  get halfOpen(): number {
    return this.#halfOpen.size;
  }

  /** How many addresses are remembered. */
  get addresses(): number {
    return this.#rates.size;
  }

  /**
   * Whether an attempt to connect, of which not even the address is known, is worth its handshake. Handshakes that lead
   * to a login are not counted in the end: vehicles come as fast as they can be let in, strangers at a small rate.
   */
  mayShakeHands(nowMs: number): boolean {
    return !this.#isFull && this.#handshakes.take(nowMs);
  }

  /** Takes a new link or says which bound forbids it. */
  admit({ peer, onDisplaced }: Newcomer, nowMs: number): Admitted | Refusal {
    const address = addressOf(peer);
    const rate = this.#rateOf(address, nowMs);
    if (this.#isFull) return "links";
    if (this.#halfOpen.sizeOf(address) >= this.#limits.halfOpenPerAddressMax) return "half_open_per_address";
    const displaced = this.#isCrowded ? this.#halfOpen.displaceable(address, nowMs) : undefined;
    if (this.#isCrowded && displaced === undefined) return "half_open";
    if (!rate.take(nowMs)) return "rate_per_address";
    if (displaced !== undefined) this.#displace(displaced);
    return this.#admitted({ address, sinceMs: nowMs, onDisplaced });
  }

  get #isFull(): boolean {
    return this.#links >= this.#limits.linksMax;
  }

  get #isCrowded(): boolean {
    return this.#halfOpen.size >= this.#limits.halfOpenMax;
  }

  #displace(link: HalfOpenLink): void {
    this.#halfOpen.delete(link);
    link.onDisplaced();
  }

  #admitted(link: HalfOpenLink): Admitted {
    this.#halfOpen.add(link);
    this.#links += 1;
    let isHere = true;
    const left = () => {
      this.#halfOpen.delete(link);
      this.#links -= isHere ? 1 : 0;
      isHere = false;
    };
    const loggedIn = () => {
      if (this.#halfOpen.delete(link)) this.#handshakes.giveBack();
    };
    return { loggedIn, left };
  }

  #rateOf(address: string, nowMs: number): TokenBucket {
    const perSecond = this.#limits.linksPerSecondAndAddress;
    const rate = this.#rates.get(address) ??
      new TokenBucket({ perSecond, burst: perSecond * addressBurstSeconds }, nowMs);
    this.#rates.delete(address);
    this.#rates.set(address, rate);
    if (this.#rates.size > addressesMax) this.#forgetOldest();
    return rate;
  }

  #forgetOldest(): void {
    const [oldest] = this.#rates.keys();
    this.#rates.delete(oldest);
  }
}
