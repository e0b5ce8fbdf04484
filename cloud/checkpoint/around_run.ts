/** Before QuestDB starts and after it ended: what lets it go back to a checkpoint when it must, and only then. */
import { type Start, startOf } from "./held.ts";
import type { MarkFile } from "./ports.ts";

/**
 * Before a start. Returns what QuestDB will begin with. The mark goes when it has had its effect: whatever is made from
 * now on is another checkpoint. `restore` leaves the request behind, durably.
 */
export async function prepareStart(
  { mark, boot, restore }: { mark: MarkFile; boot: string; restore: () => Promise<void> },
): Promise<Start> {
  const start = startOf(await mark.read(), boot);
  // First the request, then the mark: a cut in between asks for the same once more.
  if (start === "restore") await restore();
  await mark.remove();
  return start;
}

/** QuestDB ended and the machine lives, so all that it wrote can be brought to disk: no later start needs to go back. */
export async function settleEnd({ mark, sync }: { mark: MarkFile; sync: () => Promise<void> }): Promise<void> {
  await sync();
  await mark.remove();
}
