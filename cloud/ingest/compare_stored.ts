/**
 * Compares repeats with a store that may be away, or that may have no answer for one of them. Away: asks again with growing
 * pauses, for as long as it takes. No answer, while it answers else: halves what was asked until the culprit is alone, so
 * that it holds up nothing behind it.
 */
import { Fault } from "#proto/errors.ts";
import type { Clock } from "#proto/ports.ts";
import type { Comparison, RowBlock } from "../lib/store/rows.ts";
import type { Store } from "../lib/store/store.ts";
import { compareTriesMax, storeRetryFirstMs, storeRetryMaxMs } from "./limits.ts";
import type { StoreWriter } from "./store_writer.ts";

/** What {@link compareStored} needs. */
export interface ComparePorts {
  readonly store: Pick<Store, "compare" | "check">;
  readonly writer: Pick<StoreWriter, "attempt" | "untilItAnswers">;
  readonly clock: Clock;
}

/** What is stored under the keys of each block, or why nobody can tell. */
export async function compareStored(
  blocks: readonly RowBlock[],
  ports: ComparePorts,
): Promise<ReadonlyMap<RowBlock, Comparison | Fault>> {
  if (blocks.length === 0) return new Map();
  if (blocks.length === 1) return new Map([[blocks[0], await compareAlone(blocks[0], ports)]]);
  const found = await ask(blocks, ports);
  if (found !== undefined) return new Map(blocks.map((block, at) => [block, found[at]]));
  const middle = blocks.length >> 1;
  const first = await compareStored(blocks.slice(0, middle), ports);
  return new Map([...first, ...await compareStored(blocks.slice(middle), ports)]);
}

/** A store in need may fail some questions: only one that it fails over and over, while it answers else, is given up. */
async function compareAlone(block: RowBlock, ports: ComparePorts): Promise<Comparison | Fault> {
  let pauseMs = storeRetryFirstMs;
  for (let tries = 1; tries <= compareTriesMax; tries++) {
    const found = await ask([block], ports);
    if (found !== undefined) return found[0];
    await ports.clock.after(pauseMs);
    pauseMs = Math.min(2 * pauseMs, storeRetryMaxMs);
  }
  const { stream } = block.block.shape;
  return new Fault("store_failed", `Cannot compare a repeat in "${stream}": the store failed ${compareTriesMax} times`);
}

/** The answer, or undefined from a store that has none and answers else. */
async function ask(
  blocks: readonly RowBlock[],
  { store, writer }: ComparePorts,
): Promise<readonly Comparison[] | undefined> {
  const found = await writer.attempt("compare repeats", () => store.compare(blocks));
  if (found === undefined) await writer.untilItAnswers("reach the store", () => store.check());
  return found;
}
