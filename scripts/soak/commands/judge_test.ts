import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import type { CommandState } from "#proto/command_state.ts";
import { isKept, judge } from "./judge.ts";

const shownAs = (id: string, state: CommandState, final = true) => ({
  ...{ command_id: id, state, final, expires_at: "1970-01-01T00:00:01.000Z" },
});
const didAt = (id: string, beganMs: number, outcome?: string) => ({ id, beganMs, outcome });

Deno.test("true words are good, whatever became of the commands", () => {
  const shown = [shownAs("a", "succeeded"), shownAs("b", "rejected"), shownAs("c", "unknown"), shownAs("d", "failed")];
  const findings = judge(["a", "b", "c", "d"], {
    shown,
    done: [didAt("a", 1, "succeeded"), didAt("c", 2), didAt("d", 3, "failed")],
  });
  equal([isKept(findings), findings.states], [true, { succeeded: 1, rejected: 1, unknown: 1, failed: 1 }]);
});

Deno.test("each broken promise is found", () => {
  const broken = (asked: string[], given: Parameters<typeof judge>[1]) => {
    const findings = judge(asked, given);
    strictEqual(isKept(findings), false);
    const { states: _states, ...counts } = findings;
    return Object.entries(counts).filter(([, count]) => count > 0).map(([name]) => name);
  };
  const twice = [didAt("a", 1, "succeeded"), didAt("a", 2, "succeeded")];
  equal(broken(["a"], { shown: [shownAs("a", "succeeded")], done: twice }), ["twice"]);
  equal(broken(["a"], { shown: [shownAs("a", "failed")], done: [didAt("a", 1_001, "failed")] }), ["afterExpiry"]);
  equal(broken(["a"], { shown: [shownAs("a", "succeeded")], done: [didAt("a", 1, "failed")] }), ["falseSuccess"]);
  equal(broken(["a"], { shown: [shownAs("a", "expired")], done: [didAt("a", 1)] }), ["falseRefusal"]);
  equal(broken(["a"], { shown: [shownAs("a", "sent", false)], done: [] }), ["open"]);
  equal(broken(["a"], { shown: [], done: [] }), ["missing"]);
});
