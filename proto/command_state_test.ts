import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  afterAct,
  afterWord,
  type CloudAct,
  cloudActs,
  type CommandState,
  commandStates,
  isOutcome,
  type VehicleState,
  vehicleStates,
} from "./command_state.ts";

type Step = { readonly by: "cloud"; readonly act: CloudAct } | { readonly by: "vehicle"; readonly word: VehicleState };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...cloudActs).map((act) => ({ by: "cloud" as const, act })),
  fc.constantFrom(...vehicleStates).map((word) => ({ by: "vehicle" as const, word })),
);

function after(state: CommandState, step: Step): CommandState | undefined {
  return step.by === "cloud" ? afterAct(state, step.act) : afterWord(state, step.word);
}

Deno.test("the usual way", () => {
  let state: CommandState | undefined = "accepted";
  for (const act of ["queue", "send"] as const) state = state && afterAct(state, act);
  for (const word of ["delivered", "executing", "succeeded"] as const) state = state && afterWord(state, word);
  strictEqual(state, "succeeded");
});

Deno.test("after 100,000 random sequences the rules hold in every one", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let state: CommandState = "accepted";
      let wasSent = false;
      for (const one of steps) {
        const next = after(state, one);
        if (next === undefined) continue;
        // An outcome stays.
        ok(!isOutcome(state));
        // What was sent, only the vehicle brings to its outcome; what was not, only the cloud.
        if (isOutcome(next)) strictEqual(one.by, wasSent ? "vehicle" : "cloud");
        // Success is never anybody's word but the vehicle's.
        if (next === "succeeded" || next === "failed") strictEqual(one.by, "vehicle");
        if (one.by === "cloud" && one.act === "send") wasSent = true;
        // Nothing goes back to a time before it was sent.
        if (wasSent) ok(next !== "accepted" && next !== "queued");
        ok(!(state === "executing" && next === "delivered"));
        state = next;
      }
    }),
    { numRuns: 100_000 },
  );
});

Deno.test("every state is reached, and every one but an outcome can be left", () => {
  const reached = new Set<CommandState>(["accepted"]);
  for (const state of reached) {
    const steps: Step[] = [
      ...cloudActs.map((act) => ({ by: "cloud" as const, act })),
      ...vehicleStates.map((word) => ({ by: "vehicle" as const, word })),
    ];
    const next = steps.flatMap((one) => after(state, one) ?? []);
    strictEqual(next.length === 0, isOutcome(state), state);
    next.forEach((one) => reached.add(one));
  }
  equal([...reached].sort(), [...commandStates].sort());
});

Deno.test("a cancel that is under way ends by the vehicle's word alone, whatever it is", () => {
  equal(["delivered", "executing"].map((word) => afterWord("cancelling", word as VehicleState)), [
    "cancelling",
    "cancelling",
  ]);
  equal([afterWord("cancelling", "succeeded"), afterWord("cancelling", "cancelled")], ["succeeded", "cancelled"]);
});
