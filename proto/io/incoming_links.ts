/** Links that a listener let in: those that nobody has taken yet, and all that are open. */
import type { Link } from "../ports.ts";

/** What every listener does with its links, whatever they run on. */
export class IncomingLinks {
  readonly #ready: Link[] = [];
  readonly #open = new Set<Link>();
  #closed = false;
  #wake = () => {};

  /** How many wait to be taken. */
  get waiting(): number {
    return this.#ready.length;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  add(link: Link): void {
    this.#open.add(link);
    void link.ended.then(() => this.#open.delete(link));
    this.#ready.push(link);
    this.#wake();
  }

  /** Links as they come in; ends after {@link stop}. */
  async *take(): AsyncIterable<Link> {
    while (!this.#closed) {
      const link = this.#ready.shift();
      if (link !== undefined) yield link;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Hands out none any more. */
  stop(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Ends all that are open in good order; resolves when they have ended. */
  async closeAll(): Promise<void> {
    const links = [...this.#open];
    for (const link of links) link.close({ code: 0, reason: "" });
    await Promise.all(links.map(({ ended }) => ended));
  }
}
