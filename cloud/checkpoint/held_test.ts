import { strictEqual } from "node:assert/strict";
import { type Mark, moveOf, startOf } from "./held.ts";

const ours: Mark = { state: "held", boot: "today", startedAt: "12:00" };
const making: Mark = { state: "making", boot: "today" };

Deno.test("a checkpoint is made when none is held, renewed when it is due, kept meanwhile", () => {
  strictEqual(moveOf({ startedAt: undefined, mark: undefined, isDue: true }), "make");
  strictEqual(moveOf({ startedAt: undefined, mark: ours, isDue: false }), "make");
  strictEqual(moveOf({ startedAt: "12:00", mark: ours, isDue: false }), "keep");
  strictEqual(moveOf({ startedAt: "12:00", mark: ours, isDue: true }), "renew");
});

Deno.test("one that may be a part is made anew, whatever its age", () => {
  strictEqual(moveOf({ startedAt: "12:00", mark: making, isDue: false }), "renew");
});

Deno.test("what somebody else holds is never given up", () => {
  for (const isDue of [true, false]) {
    strictEqual(moveOf({ startedAt: "12:34", mark: ours, isDue }), "yield");
    strictEqual(moveOf({ startedAt: "12:34", mark: undefined, isDue }), "yield");
  }
});

Deno.test("a start goes back to a checkpoint only if it is whole and the machine went down since", () => {
  strictEqual(startOf(ours, "tomorrow"), "restore");
  strictEqual(startOf(ours, "today"), "go_on");
  strictEqual(startOf(making, "today"), "go_on");
  strictEqual(startOf(making, "tomorrow"), "unprotected");
  strictEqual(startOf(undefined, "tomorrow"), "go_on");
});
