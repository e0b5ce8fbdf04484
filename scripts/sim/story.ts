/** The last things that happened in a world, for whoever looks into a failing seed. */

const linesMax = 60;

/** A bounded list of lines with their times. */
export class Story {
  readonly #lines: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  tell(line: string): void {
    this.#lines.push(`${(this.#nowMs() / 1000).toFixed(3).padStart(10)} s  ${line}`);
    if (this.#lines.length > linesMax) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
