import { deepStrictEqual as equal, match } from "node:assert/strict";
import { type Answer, faultsOf, phaseText } from "./answers.ts";

const answer = (outcome: string, { sentMs = 0, tookMs = 1 } = {}): Answer => ({ sentMs, tookMs, outcome });

Deno.test("late and strange answers are faults in every phase", () => {
  const answers = [answer("durable", { tookMs: 101 }), answer("disk_full"), answer("internal"), answer("no answer")];
  equal(faultsOf({ name: "full", isWell: false, answers }), [
    "full: 1 of 4 answers took more than 100 ms",
    'full: 2 answers were "internal"',
  ]);
});

Deno.test("refusals and buffered frames are right on a sick disk, and for two seconds on one that is well again", () => {
  const answers = [answer("buffered", { sentMs: 1_999 }), answer("disk_failed", { sentMs: 2_001 })];
  equal(faultsOf({ name: "cut", isWell: false, answers }), []);
  equal(faultsOf({ name: "freed", isWell: true, answers: [...answers, answer("durable", { sentMs: 2_002 })] }), [
    "freed: 1 frames were refused though the disk was well",
  ]);
  equal(faultsOf({ name: "freed", isWell: true, answers: [answer("buffered", { sentMs: 2_001 })] }), [
    "freed: nothing was durable though the disk was well",
  ]);
});

Deno.test("the text counts outcomes and tells when the last of another kind was", () => {
  const answers = [answer("buffered"), answer("disk_full", { sentMs: 700 }), answer("durable", { sentMs: 900 })];
  match(phaseText({ name: "freed", isWell: true, answers }), /buffered 1, disk_full 1, durable 1; well after 0\.7 s$/);
});
