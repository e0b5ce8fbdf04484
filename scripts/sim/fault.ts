/** What a kind of fault is. */
import type { SeededRandom } from "#proto/testing/random.ts";
import type { World } from "./world.ts";

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** How often it is drawn beside others. */
  readonly weight: number;
  /** Strikes now; what lasts ends by itself. */
  strike(world: World, random: SeededRandom): void;
}
