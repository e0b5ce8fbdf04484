/** A command for many vehicles as server-sent events: what becomes of each, then `end`. Without `end` the service ended. */
import type { VehicleId } from "#proto/ids.ts";
import type { Clock } from "#proto/ports.ts";
import type { CommandBook } from "./command_book.ts";
import { eventText } from "./event_stream.ts";
import { type GroupPlan, type GroupSummary, runGroup, type VehicleNews } from "./group_run.ts";
import { eventsPingMs } from "./limits.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import { commandView } from "./view.ts";

/** What the stream stands on. */
export interface GroupStreamParts {
  /** Commands one vehicle. */
  readonly issue: (vehicle: VehicleId) => Promise<CommandRecord>;
  readonly book: Pick<CommandBook, "known" | "until" | "isClosing">;
  readonly clock: Pick<Clock, "after">;
  /** Called once, whichever end ends the stream. */
  readonly onEnd: () => void;
}

/** Runs the plan for as long as somebody reads. */
export function groupStream(
  plan: GroupPlan,
  { issue, book, clock, onEnd }: GroupStreamParts,
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const leaving = new AbortController();
  const { signal } = leaving;
  const outcomeOf = async (record: CommandRecord) => {
    const known = () => book.known(record.id) ?? record;
    const isOver = (one: CommandRecord) => !isOpen(one);
    while (!isOver(known()) && !book.isClosing && !signal.aborted) {
      await book.until(record.id, { condition: isOver, limitMs: eventsPingMs });
    }
    return known();
  };
  const run = runGroup(plan, { issue, outcomeOf, clock, signal });
  let next: ReturnType<typeof run.next> | undefined;
  const end = () => {
    if (!signal.aborted) onEnd();
    leaving.abort();
  };
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      next ??= run.next();
      const heard = await within(next, { clock, limitMs: eventsPingMs });
      if (signal.aborted) return;
      if (heard === undefined) return controller.enqueue(text.encode(": ping\n\n"));
      next = undefined;
      if (!heard.done) return controller.enqueue(text.encode(newsText(heard.value)));
      if (!book.isClosing) controller.enqueue(text.encode(summaryText(heard.value)));
      end();
      controller.close();
    },
    cancel: end,
  });
}

/** Undefined: it takes longer. */
async function within<T>(
  work: Promise<T>,
  { clock, limitMs }: { clock: Pick<Clock, "after">; limitMs: number },
): Promise<T | undefined> {
  const waiting = new AbortController();
  const late = clock.after(limitMs, waiting.signal).then(() => undefined, () => undefined);
  const first = await Promise.race([work, late]);
  waiting.abort();
  return first;
}

function newsText(news: VehicleNews): string {
  if (news.kind !== "refused") return eventText(news.kind, commandView(news.record));
  const { vehicle, code, detail } = news;
  return eventText("refused", { vehicle_id: vehicle, code, detail });
}

function summaryText({ succeeded, failed, notIssued }: GroupSummary): string {
  return eventText("end", { succeeded, failed, not_issued: notIssued });
}
