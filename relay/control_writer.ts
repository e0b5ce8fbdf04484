/** Writes to a lane of a vehicle without waiting, and so keeps count of what the vehicle has not taken yet. */
import type { Lane } from "#proto/class.ts";
import type { Link } from "#proto/ports.ts";

/** Which lane, and how much may wait on it. */
export interface LaneTerms {
  readonly lane: Lane;
  readonly backlogBytesMax: number;
}

/** The one writer of a link's lane after login. */
export class ControlWriter {
  readonly #link: Link;
  readonly #terms: LaneTerms;
  #backlogBytes = 0;

  constructor(link: Link, terms: LaneTerms) {
    this.#link = link;
    this.#terms = terms;
  }

  /** Hands a whole frame to the link. False: the vehicle does not read and the backlog is full; the frame was dropped. */
  write(frame: Uint8Array): boolean {
    const { lane, backlogBytesMax } = this.#terms;
    if (this.#backlogBytes + frame.byteLength > backlogBytesMax) return false;
    this.#backlogBytes += frame.byteLength;
    const taken = () => {
      this.#backlogBytes -= frame.byteLength;
    };
    // A write fails only when the link has ended, which `link.ended` tells everyone who must know.
    this.#link.write(lane, frame).then(taken, taken);
    return true;
  }
}
