/** What every target of power cuts is given, and gives. */
import type { Flaw } from "./flawed_disk.ts";
import type { Promises } from "./promises.ts";

/** How to cut. */
export interface CutOptions {
  readonly cuts: number;
  /** Leaves syncs out, or lets them come late; then the first loss ends the run. Only where it can be done. */
  readonly flaw?: Flaw;
  /** Ends the run before the next cut. */
  readonly signal?: AbortSignal;
  /** After each cut. */
  readonly onCut?: (done: CutResult) => void;
}

/** What came of it. */
export interface CutResult {
  readonly cuts: number;
  readonly promises: Promises;
  /** Worth knowing besides, one line each. */
  readonly notes: readonly string[];
}

/** One line of a result. */
export function cutText({ cuts, promises }: CutResult): string {
  const { acknowledged, found, named, lost, wrong } = promises;
  const besides = named === 0 ? "" : `, ${named} given up by name`;
  return `${cuts} cuts, ${acknowledged} acknowledged, found again ${found} times${besides}; ` +
    `${lost.length} lost, ${wrong.length} wrong`;
}
