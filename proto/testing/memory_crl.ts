/** An authority's list in memory, whose every answer is the test's to give. */
import type { Clock, CrlSource } from "../ports.ts";
import type { CertifiedKey } from "./certificates.ts";
import { makeCrl } from "./crls.ts";

/** Lists end after a day, and are made anew with every certificate that is revoked. */
export class MemoryCrl implements CrlSource {
  /** What a fetch fails with. */
  fault: Error | undefined;
  /** Whether fetches are left without an answer. */
  hangs = false;
  fetches = 0;
  /** Fetches that were told to stop. */
  aborted = 0;
  readonly #issuer: CertifiedKey;
  readonly #clock: Clock;
  readonly #serials: string[] = [];
  #list: Uint8Array;

  constructor(issuer: CertifiedKey, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
    this.#list = this.#make();
  }

  /** Puts a certificate on the list, named by its serial number in hex. */
  revoke(serial: string): void {
    this.#serials.push(serial);
    this.#list = this.#make();
  }

  fetch(signal: AbortSignal): Promise<Uint8Array> {
    this.fetches += 1;
    if (this.hangs) {
      signal.addEventListener("abort", () => void this.aborted++);
      return new Promise(() => {});
    }
    return this.fault === undefined ? Promise.resolve(this.#list) : Promise.reject(this.fault);
  }

  #make(): Uint8Array {
    const thisUpdateMs = Number(this.#clock.wallNs() / 1_000_000n);
    const nextUpdateMs = thisUpdateMs + 86_400_000;
    const number = BigInt(this.#serials.length);
    return makeCrl({ issuer: this.#issuer, number, thisUpdateMs, nextUpdateMs, serials: this.#serials });
  }
}
