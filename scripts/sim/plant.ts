/**
 * A planted bug: parts of the composition put between the product and the world, so that the whole behaves as if the bug
 * were in the code. To prove that the simulation would find it.
 */
import type { SeededRandom } from "#proto/testing/random.ts";
import type { Dialer, Disk, Random } from "#proto/ports.ts";
import type { VerdictSink } from "#cloud/ingest/ports.ts";
import type { Store } from "#cloud/lib/store/store.ts";
import type { Backbone } from "#relay/ports.ts";
import type { Hub } from "./hub.ts";
import type { Life } from "./machine.ts";

/** What a planted part may use besides what it wraps. */
export interface PlantParts {
  /** The process that the part belongs to. */
  readonly life: Life;
  readonly random: SeededRandom;
  readonly hub: Hub;
  /** Ids of all vehicles. */
  readonly vehicles: readonly string[];
}

/** See the head of this file. Every member wraps one port, or changes one setting. */
export interface Plant {
  readonly name: string;
  /** What is wrong, in one line. */
  readonly what: string;
  /** Worlds that it needs: more vehicles, faults that would be drawn seldom. */
  readonly needs?: {
    readonly vehicles?: number;
    readonly faults?: readonly string[];
    readonly store?: "lazy" | "durable";
    /** Shorter worlds do not show it. */
    readonly hours?: number;
    /** Where faults would disturb each other. */
    readonly faultsPerHour?: number;
    /** Much comes. */
    readonly isBusy?: boolean;
    /** The ring is as small as one may be. */
    readonly isSmall?: boolean;
  };
  disk?(disk: Disk, parts: PlantParts): Disk;
  random?(random: Random): Random;
  dialer?(dialer: Dialer, parts: PlantParts): Dialer;
  backbone?(backbone: Backbone, parts: PlantParts): Backbone;
  store?(store: Store, parts: PlantParts): Store;
  verdicts?(sink: VerdictSink, parts: PlantParts): VerdictSink;
  /** How long the database knows a repeat. */
  readonly recognizedMs?: number;
}
