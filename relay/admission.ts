/**
 * Who may connect, before anything is known of who it is: bounds on links, on half-open ones in all and per address,
 * and on the rate of new ones per address. Strangers are turned away with a close code before a byte is read.
 *
 *     (nothing) -- admit --> half open -- loggedIn --> open -- left --> (nothing)
 *                                 `------- left ------------------------^
 */
import { addressOf } from "#proto/base/address.ts";
import { TokenBucket } from "#proto/token_bucket.ts";
import { addressBurstSeconds, addressesMax } from "./limits.ts";

/** Bounds; defaults in limits.ts. */
export interface AdmissionLimits {
  readonly linksMax: number;
  readonly halfOpenMax: number;
  readonly halfOpenPerAddressMax: number;
  readonly linksPerSecondAndAddress: number;
}

/** Which bound turned a link away; a metric's label. */
export type Refusal = "links" | "half_open" | "half_open_per_address" | "rate_per_address";

interface AddressState {
  halfOpen: number;
  /** Links that may still come. */
  readonly bucket: TokenBucket;
}

/** A link that was let in. Call the methods as its life goes on; `left` once, at its end. */
export interface Admitted {
  loggedIn(): void;
  left(): void;
}

/** The door of one shard. Times are uptime in ms. */
export class Admission {
  readonly #limits: AdmissionLimits;
  // In order of last use, so that the first is the one to forget.
  readonly #addresses = new Map<string, AddressState>();
  #links = 0;
  #halfOpen = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get links(): number {
    return this.#links;
  }

  get halfOpen(): number {
    return this.#halfOpen;
  }

  /** Whether nobody is let in now, from wherever. */
  get isFull(): boolean {
    return this.#links >= this.#limits.linksMax || this.#halfOpen >= this.#limits.halfOpenMax;
  }

  /** How many addresses are remembered. */
  get addresses(): number {
    return this.#addresses.size;
  }

  /** Takes a new link of a peer (`host:port`) or says which bound forbids it. */
  admit(peer: string, nowMs: number): Admitted | Refusal {
    const state = this.#stateOf(addressOf(peer), nowMs);
    const refusal = this.#refusal(state, nowMs);
    if (refusal !== undefined) return refusal;
    state.halfOpen += 1;
    this.#links += 1;
    this.#halfOpen += 1;
    return this.#admitted(state);
  }

  #admitted(state: AddressState): Admitted {
    let isHalfOpen = true;
    const loggedIn = () => {
      if (!isHalfOpen) return;
      isHalfOpen = false;
      state.halfOpen -= 1;
      this.#halfOpen -= 1;
    };
    let isHere = true;
    const left = () => {
      if (!isHere) return;
      isHere = false;
      loggedIn();
      this.#links -= 1;
    };
    return { loggedIn, left };
  }

  #refusal(state: AddressState, nowMs: number): Refusal | undefined {
    if (this.#links >= this.#limits.linksMax) return "links";
    if (this.#halfOpen >= this.#limits.halfOpenMax) return "half_open";
    if (state.halfOpen >= this.#limits.halfOpenPerAddressMax) return "half_open_per_address";
    return state.bucket.take(nowMs) ? undefined : "rate_per_address";
  }

  #stateOf(address: string, nowMs: number): AddressState {
    const perSecond = this.#limits.linksPerSecondAndAddress;
    const rate = { perSecond, burst: perSecond * addressBurstSeconds };
    const state = this.#addresses.get(address) ?? { halfOpen: 0, bucket: new TokenBucket(rate, nowMs) };
    this.#addresses.delete(address);
    this.#addresses.set(address, state);
    if (this.#addresses.size > addressesMax) this.#forgetOldest();
    return state;
  }

  #forgetOldest(): void {
    const [oldest] = this.#addresses.keys();
    this.#addresses.delete(oldest);
  }
}
