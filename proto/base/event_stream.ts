/** Server-sent events out of a stream of text. Pure. Source: WHATWG HTML, section 9.2.6. */
import { Fault } from "../errors.ts";

/** One event. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** An event that does not end within so many characters is none. */
const eventLengthMax = 1024 * 1024;

/** Takes text as it comes, cut anywhere. */
export class EventStreamParser {
  #text = "";

  /** The events that are whole by now. Throws `too_large`. */
  push(text: string): StreamEvent[] {
    this.#text += text;
    const blocks = this.#text.split(/\r\n\r\n|\n\n|\r\r/);
    this.#text = blocks.pop() ?? "";
    if (this.#text.length > eventLengthMax) {
      throw new Fault("too_large", "Cannot read stream of events: one does not end");
    }
    return blocks.flatMap((block) => eventOf(block) ?? []);
  }
}

/** Undefined for comments alone. */
function eventOf(block: string): StreamEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
