/** The vehicle's software at the stream of commands: one at a time, with what waits for it to be read. */
import { Fault } from "#proto/errors.ts";
import { commandStreamEventsMax } from "../limits.ts";

/** A command as software gets it. */
export interface OfferedCommand {
  readonly id: string;
  readonly type: string;
  readonly class: string;
  /** JSON value. */
  readonly data: unknown;
  readonly issuer: string;
  /** How long it may still be begun. */
  readonly deadline_in_ms: number;
  /** `delivered`: to be claimed. `executing`: this vehicle's software began it before; tell what became of it. */
  readonly state: "delivered" | "executing";
}

/** What software is told. */
export type SoftwareEvent =
  | { readonly kind: "command"; readonly data: OfferedCommand }
  /** Somebody wants it taken back: its result tells whether it was. */
  | { readonly kind: "cancel"; readonly data: { readonly id: string } }
  /** Stop moving, now. Motions that were begun have ended as `superseded`. */
  | { readonly kind: "stop"; readonly data: { readonly number: string } }
  | { readonly kind: "release"; readonly data: { readonly number: string } };

/** One program that is attached. */
export class Attachment {
  readonly client: string;
  readonly #waiting: SoftwareEvent[] = [];
  #isOver = false;
  #wake = () => {};

  constructor(client: string) {
    this.client = client;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells it; one that does not read is let go. */
  tell(event: SoftwareEvent): void {
    if (this.#waiting.length >= commandStreamEventsMax) this.end();
    else this.#waiting.push(event);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** The next event; undefined at the end. One call at a time. */
  async next(): Promise<SoftwareEvent | undefined> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#waiting.shift();
  }
}

/** Refuses a second program. */
export function alreadyAttached({ client }: Attachment): Fault {
  return new Fault("already_attached", `Cannot attach: "${client}" takes the vehicle's commands`);
}
