/**
 * Keeps the proof of a session where those who read the log find it. Nobody would take the session's telemetry without,
 * so it is read only then.
 *
 *     keeping -- kept ----------------> kept -- 8 hours, or the owner does not know it --> keeping
 *        ^ `-- in vain -> wait 1 s -.
 *        '--------------------------'
 */
import { asFault } from "#proto/errors.ts";
import { proofRenewMs, proofRetryMs } from "./limits.ts";
import type { Node } from "./node.ts";
import { hexOf, type Session } from "./session.ts";

type Surroundings = Pick<Node, "backbone" | "clock" | "log">;

/** The keeper of one session's proof. It works until the session's end. */
export class ProofKeeper {
  readonly #session: Session;
  readonly #node: Surroundings;
  readonly #over: AbortSignal;
  readonly #keptOnce = Promise.withResolvers<void>();
  #isKept = false;
  #renewal = new AbortController();

  constructor(session: Session, { node, over }: { node: Surroundings; over: AbortSignal }) {
    this.#session = session;
    this.#node = node;
    this.#over = over;
    over.addEventListener("abort", () => this.#keptOnce.resolve(), { once: true });
  }

  /** Whether it was kept. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Resolves once it was kept, or the session is over. */
  get kept(): Promise<void> {
    return this.#keptOnce.promise;
  }

  /** Begins. Never rejects. */
  async keep(proof: Uint8Array): Promise<void> {
    while (!this.#over.aborted) {
      const isKept = await this.#tryToKeep(proof);
      if (isKept) this.#noteKept();
      this.#renewal = new AbortController();
      const signal = AbortSignal.any([this.#renewal.signal, this.#over]);
      await this.#node.clock.after(isKept ? proofRenewMs : proofRetryMs, signal).catch(() => undefined);
    }
  }

  /** It is gone, somebody says: it is kept again soon. */
  handleGone(): void {
    this.#renewal.abort();
  }

  #noteKept(): void {
    this.#isKept = true;
    this.#keptOnce.resolve();
  }

  async #tryToKeep(proof: Uint8Array): Promise<boolean> {
    const { vehicle, id } = this.#session;
    try {
      await this.#node.backbone.proofs.keep({ vehicle, session: hexOf(id) }, proof);
      return true;
    } catch (thrown) {
      this.#node.log.debug("Cannot keep the proof of a session yet", { vehicle, reason: asFault(thrown).message });
      return false;
    }
  }
}
