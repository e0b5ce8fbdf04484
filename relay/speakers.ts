/** Lets sessions say what has gathered, a few dozen times a second and only those that have something. */
import type { Clock } from "#proto/ports.ts";
import { speakIntervalMs } from "./limits.ts";

/** Someone with words. */
export interface Speaker {
  /** Says what is due; true while something is left for later. */
  speak(nowMs: number): boolean;
}

/** The speakers of one shard. */
export class Speakers {
  readonly #clock: Clock;
  #waiting = new Set<Speaker>();
  #timerIsSet = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The speaker has something new to say. */
  add(speaker: Speaker): void {
    this.#waiting.add(speaker);
    if (this.#timerIsSet) return;
    this.#timerIsSet = true;
    this.#clock.after(speakIntervalMs).then(() => {
      this.#timerIsSet = false;
      this.#speak();
    });
  }

  /** The speaker has gone. */
  remove(speaker: Speaker): void {
    this.#waiting.delete(speaker);
  }

  #speak(): void {
    const speakers = this.#waiting;
    this.#waiting = new Set();
    const nowMs = this.#clock.uptimeMs();
    for (const speaker of speakers) {
      if (speaker.speak(nowMs)) this.add(speaker);
    }
  }
}
