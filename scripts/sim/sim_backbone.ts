/** The backbone as one start of a relay sees it: the relay's port over the hub and the wires that lead to it. */
import { Fault } from "#proto/errors.ts";
import { within } from "#proto/within.ts";
import type { Backbone, BackboneEars, LogMessage } from "#relay/ports.ts";
import type { Hub } from "./hub.ts";
import type { Life } from "./machine.ts";
import type { Wire } from "./wire.ts";

/** How long a request waits, as the relay's own client does. */
const answerMs = 2_000;

/** Who speaks, and over what. */
export interface SimBackboneOptions {
  readonly life: Life;
  readonly hub: Hub;
  /** Relay to hub, and back: answers to publishes, verdicts, answers to requests. */
  readonly up: Wire;
  readonly down: Wire;
  /** Relay and shard as they stand in subjects. */
  readonly name: string;
  /** Unique to this start. */
  readonly run: string;
  /** What becomes of a bundle on its way. */
  readonly onBundle: (bytes: Uint8Array) => Uint8Array;
  /** The relay was told a place while it still waited for it. */
  readonly onConfirmed: (sequence: number) => void;
}

/** A relay gives a bundle up after that: what it hears later it does not pass on. */
const givenUpMs = 60_000;

/** Makes the port. What comes back after the relay's life is heard by nobody. */
export function simBackbone(options: SimBackboneOptions): Backbone {
  const { life, hub, up, down, name, run } = options;
  let ears: BackboneEars | undefined;
  const firstTryMs = new Map<number, number>();
  const tell = (number: number, place: number) => {
    if (life.isOver) return;
    const sinceMs = firstTryMs.get(number);
    if (sinceMs !== undefined && life.uptimeMs() - sinceMs < givenUpMs) options.onConfirmed(place);
    firstTryMs.delete(number);
    ears?.placed(number, place);
  };
  const publish = ({ number, lane, partition, bytes }: LogMessage) => {
    if (life.isOver) return false;
    if (!firstTryMs.has(number)) firstTryMs.set(number, life.uptimeMs());
    if (up.conditions.isCut) return false;
    const arriving = options.onBundle(bytes);
    const take = () => {
      const place = hub.place({ messageId: `${run}.${number}`, lane, partition, bytes: arriving });
      down.send(() => tell(number, place));
    };
    up.send(() => hub.ask(take));
    return true;
  };
  /** A question to the hub, its answer, or a Fault when there is none in time. */
  const request = <T>(action: string, work: () => T | Promise<T>): Promise<T> => {
    const answered = Promise.withResolvers<T>();
    const answer = async () => {
      try {
        const value = await work();
        down.send(() => answered.resolve(value));
      } catch (thrown) {
        down.send(() => answered.reject(thrown));
      }
    };
    up.send(() => hub.ask(() => void answer()));
    const fault = () => new Fault("deadline", `${action}: no answer in time`);
    return within(answered.promise, { clock: life, limitMs: answerMs, fault });
  };
  return {
    log: { publish },
    shapes: {
      read: (hash) => request(`Cannot read shape "${hash}"`, () => hub.shapes.get(hash)),
      keep: (hash, definition) =>
        request(`Cannot store shape "${hash}"`, () => void hub.shapes.set(hash, definition.slice())),
    },
    proofs: {
      keep: ({ vehicle, session }, proof) =>
        request(`Cannot keep the proof of a session of "${vehicle}"`, () => void hub.proofs.set(session, proof)),
    },
    listen: (heard) => {
      ears = heard;
      hub.relays.set(name, {
        verdicts: (notice) => down.send(() => life.isOver || heard.verdicts(notice)),
        owner: (notice) => down.send(() => life.isOver || heard.owner(notice)),
      });
    },
    askLedger: (partition, question) =>
      request(`Cannot ask the owner of partition ${partition}`, () => {
        if (hub.owner === undefined) throw new Fault("unavailable", "Cannot ask the owner: nobody is there to answer");
        return hub.owner(question);
      }),
    announce: () => {},
    probe: () => request("Cannot reach the log", () => {}),
  };
}
