import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { handOverMs, moveRetryMs, quietWaitMs } from "../limits.ts";
import { LinkMove, type MoveReason } from "./link_move.ts";

const jitterMs = 700;
const wait = (untilMs: number) => ({ kind: "wait", untilMs });

/** A move that is due for a reason since the time 0. */
function due(reason: MoveReason): LinkMove {
  const move = new LinkMove();
  move.handleReason(reason, { nowMs: 0, jitterMs });
  return move;
}

/** A move whose new relay has said Challenge, and whether the old link is hushed. */
function challenged(reason: MoveReason): { move: LinkMove; isHushed: boolean } {
  const move = due(reason);
  equal(move.poll({ nowMs: jitterMs, isQuiet: true }).kind, "dial");
  return { move, isHushed: move.handleChallenged(1000) };
}

Deno.test("without a reason nothing is done", () => {
  deepEqual(new LinkMove().poll({ nowMs: 1e9, isQuiet: true }), wait(Infinity));
});

Deno.test("a renewed certificate waits for a quiet moment, but not for ever", () => {
  const move = due("renewed");
  deepEqual(move.poll({ nowMs: 0, isQuiet: false }), wait(quietWaitMs));
  deepEqual(move.poll({ nowMs: 10, isQuiet: true }), { kind: "dial" });
  deepEqual(due("renewed").poll({ nowMs: quietWaitMs, isQuiet: false }), { kind: "dial" });
});

Deno.test("who is sent away goes after a jitter, quiet or not, and who has nowhere else to go leaves", () => {
  for (const reason of ["redirected", "drained", "not_ready", "fallback", "silent"] as const) {
    deepEqual(due(reason).poll({ nowMs: jitterMs - 1, isQuiet: true }), wait(jitterMs));
    deepEqual(due(reason).poll({ nowMs: jitterMs, isQuiet: false }), { kind: "dial" });
  }
  deepEqual(due("restart").poll({ nowMs: jitterMs, isQuiet: false }), { kind: "leave" });
});

Deno.test("the more urgent reason counts, whichever came first, and the same one begins only once", () => {
  const move = due("renewed");
  move.handleReason("renewed", { nowMs: 20_000, jitterMs: 0 });
  deepEqual(move.poll({ nowMs: 20_000, isQuiet: false }), wait(quietWaitMs));
  move.handleReason("drained", { nowMs: 20_000, jitterMs });
  deepEqual(move.poll({ nowMs: 20_000, isQuiet: true }), wait(20_000 + jitterMs));
  move.handleReason("renewed", { nowMs: 20_000, jitterMs });
  deepEqual(move.poll({ nowMs: 20_000, isQuiet: true }), wait(20_000 + jitterMs));
});

Deno.test("the old link is hushed until what it has under way has landed, or it takes too long", () => {
  for (const reason of ["renewed", "redirected", "drained"] as const) {
    const { move, isHushed } = challenged(reason);
    equal(isHushed, true);
    deepEqual(move.pollHush({ nowMs: 1000, inFlight: 3 }), wait(1000 + handOverMs));
    deepEqual(move.pollHush({ nowMs: 1001, inFlight: 0 }), { kind: "prove" });
    deepEqual(move.pollHush({ nowMs: 1000 + handOverMs, inFlight: 3 }), { kind: "prove" });
  }
});

Deno.test("a link on which nothing lands any more is not hushed", () => {
  const { move, isHushed } = challenged("not_ready");
  deepEqual([isHushed, move.pollHush({ nowMs: 1000, inFlight: 3 }).kind], [false, "prove"]);
});

Deno.test("a relay that is not ready is no better place, but it is the same place for a renewed certificate", () => {
  equal(challenged("not_ready").move.takes({ isReady: false }), false);
  equal(challenged("drained").move.takes({ isReady: true }), true);
  equal(challenged("renewed").move.takes({ isReady: false }), true);
});

Deno.test("an attempt in vain for a renewed certificate is made again later, one for another reason is forgotten", () => {
  const { move } = challenged("renewed");
  move.handleVain(2000);
  deepEqual(move.poll({ nowMs: 2000, isQuiet: true }), wait(2000 + moveRetryMs));
  move.handleReason("renewed", { nowMs: 3000, jitterMs: 0 });
  deepEqual(move.poll({ nowMs: 3000, isQuiet: true }), wait(2000 + moveRetryMs));
  const { move: other } = challenged("redirected");
  equal(other.isPending, true);
  other.handleVain(2000);
  equal(other.isPending, false);
});

Deno.test("a new link ends what was due for the old one", () => {
  const { move } = challenged("renewed");
  move.handleReason("drained", { nowMs: 1000, jitterMs });
  move.handleLinked();
  equal(move.isPending, false);
  equal(move.takes({ isReady: false }), true);
});

Deno.test("whatever happens, a move that is due has its moment within bounds, and the proof too", () => {
  const reasons = fc.constantFrom<MoveReason>("renewed", "not_ready", "redirected", "drained", "restart");
  const event = fc.record({
    afterMs: fc.nat(50_000),
    what: fc.oneof(reasons, fc.constantFrom("vain", "linked", "challenged")),
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 30 }), (events) => {
    const move = new LinkMove();
    let nowMs = 0;
    for (const { afterMs, what } of events) {
      nowMs += afterMs;
      if (what === "vain") move.handleVain(nowMs);
      else if (what === "linked") move.handleLinked();
      else if (what === "challenged") move.handleChallenged(nowMs);
      else move.handleReason(what, { nowMs, jitterMs });
      const hush = move.pollHush({ nowMs, inFlight: 1 });
      ok(hush.kind === "prove" || hush.untilMs - nowMs <= handOverMs);
      const step = move.poll({ nowMs, isQuiet: false });
      if (step.kind !== "wait" || step.untilMs === Infinity) continue;
      ok(step.untilMs > nowMs && step.untilMs - nowMs <= moveRetryMs + quietWaitMs);
    }
  }));
});
