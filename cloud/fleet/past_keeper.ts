/**
 * Writes down what is remembered of vehicles' links, so that it survives this service: why a vehicle is offline, and since
 * when. Several instances hear and write the same.
 */
import { z } from "zod";
import { asFault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { keepAtOnceMax, keepRetryMs, refusalKeepMs } from "./limits.ts";
import type { LinkBoard, Past, PastNews } from "../lib/links/link_board.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";

/** What {@link PastKeeper} works with. */
export interface PastKeeperParts {
  readonly documents: DocumentStore;
  readonly board: () => LinkBoard;
  /** A stranger's refusals are not worth a place on the disk. */
  readonly isRegistered: (vehicle: VehicleId) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const end = z.object({ atMs: z.number(), code: z.string(), detail: z.string() });
const kept = z.object({
  loginAtMs: z.number().optional(),
  relay: z.string().optional(),
  agentVersion: z.string().optional(),
  certificateNotAfterMs: z.number().optional(),
  end: end.optional(),
  refusal: end.extend({ count: z.number() }).optional(),
});

/** See the head of this file. */
export class PastKeeper {
  readonly #parts: PastKeeperParts;
  readonly #due = new Set<VehicleId>();
  /** When a refusal of each was last written down, on the local uptime. */
  readonly #refusalsMs = new Map<VehicleId, number>();
  #wake = () => {};

  constructor(parts: PastKeeperParts) {
    this.#parts = parts;
  }

  /** Tells the board what was written down before. */
  async load(): Promise<void> {
    const { documents, board, log } = this.#parts;
    let isLoading = true;
    await documents.watch(({ key, text }) => {
      // Later ones are our own words, or another instance's on what is heard here too.
      if (!isLoading) return;
      try {
        board().handlePast(parseVehicleId(key), kept.parse(JSON.parse(text)) as Past);
      } catch (thrown) {
        log.error("Cannot read what is remembered of a vehicle", { vehicle: key, reason: asFault(thrown).message });
      }
    });
    isLoading = false;
  }

  /** Something is worth writing down. */
  handleNews({ vehicle, kind }: PastNews): void {
    if (kind === "refusal") {
      const nowMs = this.#parts.clock.uptimeMs();
      if (!this.#parts.isRegistered(vehicle)) return;
      if (nowMs - (this.#refusalsMs.get(vehicle) ?? -Infinity) < refusalKeepMs) return;
      this.#refusalsMs.set(vehicle, nowMs);
    } else {
      this.#refusalsMs.delete(vehicle);
    }
    this.#due.add(vehicle);
    this.#wake();
  }

  /** Writes what is due as it becomes so, and what failed after a while, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const isWritten = await this.flush();
      if (!isWritten) await clock.after(keepRetryMs, signal).catch(() => undefined);
      else if (this.#due.size === 0 && !signal.aborted) await new Promise<void>((resolve) => this.#wake = resolve);
    }
    await this.flush();
  }

  /** Writes what is due. False when some of it could not be written, which stays due. */
  async flush(): Promise<boolean> {
    const { documents, board, log } = this.#parts;
    while (this.#due.size > 0) {
      const vehicles = [...this.#due].slice(0, keepAtOnceMax);
      for (const vehicle of vehicles) this.#due.delete(vehicle);
      const written = await Promise.allSettled(
        vehicles.map((vehicle) => documents.put(vehicle, JSON.stringify(board().of(vehicle).past))),
      );
      const failed = vehicles.filter((_, i) => written[i].status === "rejected");
      if (failed.length === 0) continue;
      for (const vehicle of failed) this.#due.add(vehicle);
      log.warn("Cannot write down what is remembered of vehicles, trying again", { vehicles: failed.length });
      return false;
    }
    return true;
  }
}
