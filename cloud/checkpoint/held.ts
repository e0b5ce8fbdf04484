/**
 * A checkpoint of QuestDB that is always held, so that a machine that lost power can go back to it. Pure.
 *
 * QuestDB's own directory of a checkpoint does not tell whether it is whole: a cut in the middle of making one leaves a
 * part, and going back to a part destroys tables. So a file of ours beside it says what it is worth, and in which boot of the machine that was.
 *
 *     none --make--> making --made and synced--> held --time to renew--> making
 */

/** What the file beside the data says of the checkpoint. Nothing when there is no file. */
export type Mark =
  /** One of ours is being made or given up: it may be a part. */
  | { readonly state: "making"; readonly boot: string }
  /** Whole and on disk since `startedAt`, as QuestDB names the moment. */
  | { readonly state: "held"; readonly boot: string; readonly startedAt: string };

/** What to do with the checkpoint that is held now. */
export type Move =
  /** There is none. */
  | "make"
  /** Give up ours, let QuestDB tidy up, make the next. */
  | "renew"
  | "keep"
  /** It is somebody else's, a backup's as like as not: to give it up would spoil what they copy. */
  | "yield";

/** Decides. `startedAt`: of the checkpoint that QuestDB holds, if any; `isDue`: ours is old, or of unknown age. */
export function moveOf(
  { startedAt, mark, isDue }: { startedAt: string | undefined; mark: Mark | undefined; isDue: boolean },
): Move {
  if (startedAt === undefined) return "make";
  if (mark?.state === "making") return "renew";
  if (mark?.startedAt !== startedAt) return "yield";
  return isDue ? "renew" : "keep";
}

/** What QuestDB's next start begins with. */
export type Start =
  /** Go back to the checkpoint: the machine went down, so what is younger may be torn. */
  | "restore"
  /** The machine is the same: a process that ended has torn nothing. */
  | "go_on"
  /** The machine went down with no whole checkpoint: tables may be torn, and show it. */
  | "unprotected";

/** Decides before QuestDB starts, in this boot of the machine. */
export function startOf(mark: Mark | undefined, boot: string): Start {
  if (mark === undefined || mark.boot === boot) return "go_on";
  return mark.state === "held" ? "restore" : "unprotected";
}
