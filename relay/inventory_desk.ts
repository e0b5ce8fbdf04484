/**
 * Answers a vehicle's inventory: asks the owner of its partition which ranges have a verdict and which are wanted again,
 * and says which shapes are known. Source: protocol.md sections 4.4 and 4.7.
 *
 *     inventory -> ask -- answered ------------> Held, done
 *                   ^ `-- not answered in 2 s -> Held (unanswered, the first time) -> wait 3 s -.
 *                   '---------------------------------------------------------------------------'
 *     A newer inventory, or the session's end, takes the place of one that is still being asked about.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type LedgerAnswer, LedgerAnswerSchema, LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { MessageOf } from "#proto/link_message.ts";
import { settledWithin } from "#proto/within.ts";
import { heldFrames, resendFrames } from "./bookkeeping.ts";
import { ledgerRetryMs, shapesPerInventoryMax } from "./limits.ts";
import type { Node } from "./node.ts";
import { hexOf, type Session } from "./session.ts";

/** Who is answered. */
export interface Asker {
  readonly session: Session;
  /** Fires at the session's end. */
  readonly over: AbortSignal;
  say(...frames: Uint8Array[]): void;
  /** Resolves once the owner can know that the session is the vehicle's. */
  readonly proven: Promise<void>;
  /** The owner does not know it. */
  handleUnproven(): void;
}

/** The desk of one session. */
export class InventoryDesk {
  readonly #asker: Asker;
  readonly #node: Node;
  #asking: AbortController | undefined;
  #comparedBy = 0n;

  constructor(asker: Asker, node: Node) {
    this.#asker = asker;
    this.#node = node;
  }

  /** Whether that start of the owner has compared what the vehicle holds, or is being asked to. */
  isKnownTo(ownerBeganNs: bigint): boolean {
    return this.#asking !== undefined || this.#comparedBy === ownerBeganNs;
  }

  /** Begins to answer; Held goes out by itself. */
  handleInventory(inventory: MessageOf<"inventory">): void {
    this.#asking?.abort();
    const asking = this.#asking = new AbortController();
    const signal = AbortSignal.any([asking.signal, this.#asker.over]);
    this.#answer(inventory, signal)
      .catch((fault) => {
        if (!signal.aborted) this.#node.log.error("Cannot answer an inventory", { reason: String(fault) });
      })
      .finally(() => {
        if (this.#asking === asking) this.#asking = undefined;
      });
  }

  async #answer(inventory: MessageOf<"inventory">, signal: AbortSignal): Promise<void> {
    const hashes = inventory.shapes.slice(0, shapesPerInventoryMax).map(hexOf);
    const [found, firstAnswer] = await Promise.all([this.#node.shelf.find(hashes), this.#askOwner(inventory)]);
    signal.throwIfAborted();
    this.#asker.session.keepKnown(found);
    const knownShapes = [...found.keys()].map((hash) => Uint8Array.fromHex(hash));
    this.#tell(firstAnswer, knownShapes);
    // What waited longer for its answer is old: an owner that is gone by now may have given verdicts since.
    this.#comparedBy = firstAnswer?.comparedBy ?? 0n;
    let answer = firstAnswer;
    while (answer === undefined) {
      await this.#node.clock.after(ledgerRetryMs, signal);
      answer = await this.#askOwner(inventory);
      signal.throwIfAborted();
      if (answer !== undefined) this.#tell(answer, knownShapes);
    }
  }

  #tell(answer: LedgerAnswer | undefined, knownShapes: Uint8Array[]): void {
    if (answer?.passed !== undefined) this.#asker.session.takePassed(answer.passed);
    this.#asker.say(...heldFrames({
      committed: answer?.committed ?? [],
      quarantined: answer?.quarantined ?? [],
      passed: answer?.passed,
      knownShapes,
      ledgerAnswered: answer !== undefined,
    }));
    this.#asker.say(...resendFrames(answer?.resend ?? []));
  }

  async #askOwner(inventory: MessageOf<"inventory">): Promise<LedgerAnswer | undefined> {
    const { relay, shard, backbone, clock, counters, log } = this.#node;
    const { vehicle, secret: sessionSecret, partition } = this.#asker.session;
    if (!await settledWithin(this.#asker.proven, { clock, limitMs: ledgerRetryMs })) return undefined;
    const request = create(LedgerRequestSchema, { vehicleId: vehicle, relay, shard, sessionSecret, inventory });
    counters.ledgerAsked += 1;
    try {
      const answer = fromBinary(
        LedgerAnswerSchema,
        await backbone.askLedger(partition, toBinary(LedgerRequestSchema, request)),
      );
      if (!answer.unproven) return answer;
      this.#asker.handleUnproven();
      return undefined;
    } catch (fault) {
      counters.ledgerUnanswered += 1;
      log.debug("The owner of a partition did not answer", { partition, vehicle, reason: String(fault) });
      return undefined;
    }
  }
}
