/**
 * The way between links and the desk of commands, which opens later than the first link and may open late: the disk may
 * fail at first. Until then nothing is taken, and the cloud says it again.
 */
import type { CommandDesk, Say } from "./desk.ts";

/** What a link needs of commands. */
export interface CommandLane {
  /** Takes a frame of the command lane. Throws `bad_message`. */
  handleFrame(payload: Uint8Array): void;
  /** That link serves from now on. Returns the end of that. */
  link(say: Say): () => void;
}

/** See the head of this file. */
export class CommandGate implements CommandLane {
  #desk: CommandDesk | undefined;
  #say: Say | undefined;
  #unlink = () => {};

  /** Undefined until it is open. */
  get desk(): CommandDesk | undefined {
    return this.#desk;
  }

  open(desk: CommandDesk): void {
    this.#desk = desk;
    if (this.#say !== undefined) this.#unlink = desk.link(this.#say);
  }

  handleFrame(payload: Uint8Array): void {
    this.#desk?.handleFrame(payload);
  }

  link(say: Say): () => void {
    this.#say = say;
    this.#unlink = this.#desk?.link(say) ?? (() => {});
    return () => {
      if (this.#say !== say) return;
      this.#say = undefined;
      this.#unlink();
    };
  }
}
