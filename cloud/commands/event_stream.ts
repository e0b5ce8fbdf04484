/** A command as server-sent events (WHATWG HTML, 9.2): the whole of it at each change, until nothing more can become of it. */
import type { CommandBook } from "./command_book.ts";
import { eventsPingMs } from "./limits.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import { commandView } from "./view.ts";

/** Makes the stream; `onEnd` is called once, whichever end ends it. */
export function eventStream(
  first: CommandRecord,
  { book, onEnd }: { book: Pick<CommandBook, "known" | "until">; onEnd: () => void },
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  let shown: CommandRecord | undefined;
  let isOver = false;
  const end = () => {
    if (!isOver) onEnd();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (shown !== undefined && !isOpen(shown)) {
        end();
        return controller.close();
      }
      const isNews = (record: CommandRecord) => record !== shown;
      if (shown !== undefined) await book.until(first.id, { condition: isNews, limitMs: eventsPingMs });
      if (isOver) return;
      const record = book.known(first.id) ?? first;
      const said = record === shown ? ": ping\n\n" : `event: command\ndata: ${JSON.stringify(commandView(record))}\n\n`;
      shown = record;
      controller.enqueue(text.encode(said));
    },
    cancel: end,
  });
}
