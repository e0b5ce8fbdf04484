/**
 * Leaves a link that works for another one, make-before-break: when another is dialled, how the old one falls silent for
 * it, and what becomes of an attempt in vain. Pure; whoever holds the links asks it.
 *
 *     staying -- handleReason --> due -- its moment --> dialling -- Challenge --> hushed -- landed, or handOverMs --> proving
 *     proving -- Welcome --> staying, on the new link
 *     dialling, hushed, proving -- in vain --> due again later, or staying
 *     due (restart) -- its moment --> left: there is nowhere else to dial before
 *     any -- handleLinked: whatever link there is now is a new one --> staying
 *
 * | reason     | its moment                    | old link is hushed       | takes a relay not ready | in vain          |
 * |------------|-------------------------------|--------------------------|-------------------------|------------------|
 * | silent     | at once                       | no: nothing lands there  | yes: better than none   | forgotten        |
 * | restart    | after a jitter                | -                        | -                       | -                |
 * | drained    | after a jitter                | yes                      | no                      | forgotten        |
 * | redirected | after a jitter                | yes                      | no                      | forgotten        |
 * | not_ready  | after a jitter                | no: nothing lands there  | no                      | forgotten        |
 * | fallback   | at once                       | yes                      | no                      | forgotten        |
 * | renewed    | a quiet one, or quietWaitMs   | yes                      | yes: it has no say here | after moveRetryMs |
 *
 * `fallback`: the link is over TCP, and QUIC is tried again. `silent`: nothing comes back over the link.
 *
 * A relay ends the older session of a vehicle with the Welcome of the newer one, so what was under way on it then would
 * have to go a second time. That is why the old link falls silent before the proof: nothing new is sent over it, and what
 * was sent arrives. Sources: protocol.md section 3 (takeover, redirect) and section 4 (a hub that stalls).
 */
import { handOverMs, moveRetryMs, quietWaitMs } from "../limits.ts";

/** Why a link that works is left, the least urgent first. */
export type MoveReason = "fallback" | "renewed" | "not_ready" | "redirected" | "drained" | "silent" | "restart";

/** What is to be done about a move. */
export type MoveStep =
  /** Nothing before that uptime, or before something happens. */
  | { readonly kind: "wait"; readonly untilMs: number }
  /** Dial another link; the old one goes on. */
  | { readonly kind: "dial" }
  /** Close the old link; the next one comes after it. */
  | { readonly kind: "leave" };

/** What is to be done before the proof. */
export type HushStep = { readonly kind: "wait"; readonly untilMs: number } | { readonly kind: "prove" };

interface Manner {
  readonly urgency: number;
  readonly waitsForQuiet: boolean;
  readonly hushes: boolean;
  readonly needsReady: boolean;
  readonly isRetried: boolean;
}

const ordinary = { waitsForQuiet: false, hushes: false, needsReady: true, isRetried: false };
const manners: Readonly<Record<MoveReason, Manner>> = {
  fallback: { ...ordinary, urgency: 0, hushes: true },
  renewed: { urgency: 1, waitsForQuiet: true, hushes: true, needsReady: false, isRetried: true },
  not_ready: { ...ordinary, urgency: 2 },
  redirected: { ...ordinary, urgency: 3, hushes: true },
  drained: { ...ordinary, urgency: 4, hushes: true },
  silent: { ...ordinary, urgency: 5, needsReady: false },
  restart: { ...ordinary, urgency: 6 },
};

interface DueMove {
  readonly reason: MoveReason;
  readonly notBeforeMs: number;
  /** From then on no quiet moment is waited for. */
  readonly anywayMs: number;
}

/** The moves of one vehicle. */
export class LinkMove {
  #due: DueMove | undefined;
  #dialling: MoveReason | undefined;
  #hushUntilMs = -Infinity;

  /** Whether a move waits for its moment, or is being made. */
  get isPending(): boolean {
    return this.#due !== undefined || this.#dialling !== undefined;
  }

  /** Why another link is being dialled, while one is. */
  get dialling(): MoveReason | undefined {
    return this.#dialling;
  }

  /** There is a reason to leave the link. What is due already for a more urgent one, or for the same, stays as it is. */
  handleReason(reason: MoveReason, { nowMs, jitterMs }: { nowMs: number; jitterMs: number }): void {
    if (this.#due !== undefined && manners[this.#due.reason].urgency >= manners[reason].urgency) return;
    const { waitsForQuiet } = manners[reason];
    const notBeforeMs = nowMs + (waitsForQuiet ? 0 : jitterMs);
    this.#due = { reason, notBeforeMs, anywayMs: notBeforeMs + (waitsForQuiet ? quietWaitMs : 0) };
  }

  /** What to do with the present link; `isQuiet`: nothing waits to be sent, and nothing is under way. */
  poll({ nowMs, isQuiet }: { nowMs: number; isQuiet: boolean }): MoveStep {
    if (this.#due === undefined) return { kind: "wait", untilMs: Infinity };
    const { reason, notBeforeMs, anywayMs } = this.#due;
    if (nowMs < notBeforeMs) return { kind: "wait", untilMs: notBeforeMs };
    if (!isQuiet && nowMs < anywayMs) return { kind: "wait", untilMs: anywayMs };
    this.#due = undefined;
    if (reason === "restart") return { kind: "leave" };
    this.#dialling = reason;
    return { kind: "dial" };
  }

  /** The new relay has answered: the old link falls silent now, if it is to. True: send nothing new over it. */
  handleChallenged(nowMs: number): boolean {
    const hushes = this.#dialling !== undefined && manners[this.#dialling].hushes;
    this.#hushUntilMs = hushes ? nowMs + handOverMs : -Infinity;
    return hushes;
  }

  /** Whether the proof may go, with so many batches of the old link under way. */
  pollHush({ nowMs, inFlight }: { nowMs: number; inFlight: number }): HushStep {
    if (inFlight === 0 || nowMs >= this.#hushUntilMs) return { kind: "prove" };
    return { kind: "wait", untilMs: this.#hushUntilMs };
  }

  /** Whether a new link is to be taken although the old one still works. */
  takes({ isReady }: { isReady: boolean }): boolean {
    return isReady || this.#dialling === undefined || !manners[this.#dialling].needsReady;
  }

  /** A new link serves, or none does: nothing is due any more. */
  handleLinked(): void {
    this.#due = undefined;
    this.#dialling = undefined;
  }

  /** The attempt came to nothing, and the old link goes on. */
  handleVain(nowMs: number): void {
    const reason = this.#dialling;
    this.#dialling = undefined;
    if (reason === undefined || !manners[reason].isRetried || this.#due !== undefined) return;
    const notBeforeMs = nowMs + moveRetryMs;
    this.#due = { reason, notBeforeMs, anywayMs: notBeforeMs + quietWaitMs };
  }
}
