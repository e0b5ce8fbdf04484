/** Writes to a vehicle's control lane without waiting, and so keeps count of what the vehicle has not taken yet. */
import type { Link } from "#proto/ports.ts";
import { controlBacklogBytesMax } from "./limits.ts";

/** The one writer of a link's control lane after login. */
export class ControlWriter {
  readonly #link: Link;
  #backlogBytes = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Hands a whole frame to the link. False: the vehicle does not read and the backlog is full; the frame was dropped. */
  write(frame: Uint8Array): boolean {
    if (this.#backlogBytes + frame.byteLength > controlBacklogBytesMax) return false;
    this.#backlogBytes += frame.byteLength;
    const taken = () => {
      this.#backlogBytes -= frame.byteLength;
    };
    // A write fails only when the link has ended, which `link.ended` tells everyone who must know.
    this.#link.write("control", frame).then(taken, taken);
    return true;
  }
}
