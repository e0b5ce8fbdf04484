/**
 * A command as server-sent events (WHATWG HTML, 9.2): the whole of it at each change, until nothing more can become of
 * it. Who may not see it any more gets a last event `error` with the problem.
 */
import { problemOf } from "#proto/base/problem.ts";
import { asFault } from "#proto/errors.ts";
import type { CommandBook } from "./command_book.ts";
import { eventsPingMs, rightsCheckMs } from "./limits.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import { commandView } from "./view.ts";

/** What a stream stands on. */
export interface EventStreamParts {
  readonly book: Pick<CommandBook, "known" | "until" | "isClosing">;
  /** Rejects once whoever reads may not read it any more. */
  readonly mayStill: () => Promise<void>;
  /** Called once, whichever end ends the stream. */
  readonly onEnd: () => void;
}

/** Makes the stream of a command. */
export function eventStream(
  first: CommandRecord,
  { book, mayStill, onEnd }: EventStreamParts,
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  let shown: CommandRecord | undefined;
  let isOver = false;
  const end = () => {
    if (!isOver) onEnd();
    isOver = true;
  };
  /** Waits for news, and not for ever. */
  const next = async (): Promise<string> => {
    for (let waitedMs = 0; waitedMs < eventsPingMs; waitedMs += rightsCheckMs) {
      const record = book.known(first.id) ?? first;
      if (record !== shown) {
        shown = record;
        return eventText("command", commandView(record));
      }
      await book.until(first.id, { condition: (record) => record !== shown, limitMs: rightsCheckMs });
      if (isOver || book.isClosing) break;
      await mayStill();
    }
    return ": ping\n\n";
  };
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const say = (said: string) => controller.enqueue(text.encode(said));
      try {
        const said = await next();
        if (isOver) return;
        say(said);
        if (!book.isClosing && (shown === undefined || isOpen(shown))) return;
      } catch (thrown) {
        if (isOver) return;
        say(eventText("error", problemOf(asFault(thrown))));
      }
      end();
      controller.close();
    },
    cancel: end,
  });
}

/** One event. */
export function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
