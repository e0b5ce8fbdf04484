import { equal, match } from "node:assert/strict";
import { noCopies } from "./no_copies.ts";
import { className, epoch, vehicle } from "./testing/stage.ts";

function batch(sequence: number, session = "a") {
  return { vehicle, session, epoch, class: className, first: 1, last: 4, lane: "live" as const, sequence };
}

Deno.test("a batch that comes again although its sender knows that the log holds it", () => {
  const check = noCopies();
  equal(check.handleLogged?.(batch(1)), undefined);
  equal(check.handleLogged?.(batch(2)), undefined);
  check.handleConfirmed?.(2);
  equal(check.handleLogged?.(batch(3, "b")), undefined);
  match(check.handleLogged?.(batch(4)) ?? "", /1 to 4 came as 4, which 2 holds/);
  check.handlePassed?.({ live: 4, backfill: 0 });
  equal(check.handleLogged?.(batch(5)), undefined);
  check.handleConfirmed?.(5);
  check.handleAskedAgain?.({ vehicle, epoch, class: className, ranges: [{ first: 1, last: 4 }] });
  equal(check.handleLogged?.(batch(6)), undefined);
});
