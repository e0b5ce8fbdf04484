/** Holds a checkpoint of QuestDB at all times, and renews it. See `held.ts` for the rules. */
import { asFault } from "#proto/errors.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { moveOf } from "./held.ts";
import { lookIntervalMs, tidyMs, yieldNoticeMs } from "./limits.ts";
import type { CheckpointServer, MarkFile } from "./ports.ts";

/** What a holder is given. */
export interface HolderParts {
  readonly server: CheckpointServer;
  readonly mark: MarkFile;
  /** Names this boot of the machine. */
  readonly boot: string;
  readonly renewMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** See the head of this file. */
export class Holder {
  readonly #parts: HolderParts;
  /** When ours was made; undefined while none is known to be ours. */
  #madeAtMs: number | undefined;
  #noticedAtMs = -Infinity;
  #failing: string | undefined;

  constructor(parts: HolderParts) {
    this.#parts = parts;
  }

  /** Looks and acts until the signal fires; what fails is tried again at the next look. The checkpoint stays held. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.look();
        if (this.#failing !== undefined) log.info("The checkpoint is held again");
        this.#failing = undefined;
      } catch (thrown) {
        const { message } = asFault(thrown);
        // A store that is away is away for many looks.
        if (message !== this.#failing) log.warn("Cannot hold a checkpoint", { error: message });
        this.#failing = message;
      }
      await clock.after(lookIntervalMs, signal).catch(() => undefined);
    }
  }

  /** One look, and what follows from it. */
  async look(): Promise<void> {
    const { server, mark } = this.#parts;
    const startedAt = await server.startedAt();
    switch (moveOf({ startedAt, mark: await mark.read(), isDue: this.#isDue() })) {
      case "make":
        return await this.#make();
      case "renew":
        return await this.#renew();
      case "yield":
        return this.#notice(startedAt);
      case "keep":
        return;
    }
  }

  #isDue(): boolean {
    const { clock, renewMs } = this.#parts;
    return this.#madeAtMs === undefined || clock.uptimeMs() - this.#madeAtMs >= renewMs;
  }

  async #renew(): Promise<void> {
    const { server, mark, boot, clock } = this.#parts;
    // First the mark: from here on the old one is no more to be gone back to.
    await mark.write({ state: "making", boot });
    await server.release();
    await clock.after(tidyMs);
    await this.#make();
  }

  async #make(): Promise<void> {
    const { server, mark, boot, clock, log } = this.#parts;
    this.#madeAtMs = undefined;
    await mark.write({ state: "making", boot });
    // Somebody else was faster: without a mark it will be taken for theirs.
    if (!await server.create()) return await mark.remove();
    const startedAt = await server.startedAt();
    if (startedAt === undefined) return;
    await mark.write({ state: "held", startedAt, boot });
    this.#madeAtMs = clock.uptimeMs();
    log.debug("A checkpoint is held", { startedAt });
  }

  #notice(startedAt: string | undefined): void {
    const { clock, log } = this.#parts;
    if (clock.uptimeMs() - this.#noticedAtMs < yieldNoticeMs) return;
    this.#noticedAtMs = clock.uptimeMs();
    log.warn("Waiting for CHECKPOINT RELEASE: somebody else holds one, and a power cut may tear tables", { startedAt });
  }
}
