import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { BelievedEvent } from "#proto/command_event.ts";
import { makeCommandId } from "#proto/command_id.ts";
import { cloudActs, isOutcome, type VehicleState, vehicleStates } from "#proto/command_state.ts";
import { EventFactsSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { graceMs, resendMs, resendMsMax, stepsMax } from "./limits.ts";
import {
  acceptedRecord,
  acted,
  type CommandRecord,
  elapsed,
  isOpen,
  isUndelivered,
  readRecord,
  recordText,
  resendDelayMs,
  said,
} from "./record.ts";

const fresh = acceptedRecord({
  ...{ id: makeCommandId(1, new Uint8Array(10)), vehicle: parseVehicleId("drone-001"), type: "rtl", class: "motion" },
  ...{ data: "{}", priority: "normal", issuer: "test", reason: "", createdAtMs: 1_000, deadlineAtMs: 61_000 },
});

function eventOf(state: VehicleState, number: number, { code = "", journal = 1 } = {}): BelievedEvent {
  const about = {
    commandId: fresh.id,
    vehicleId: "drone-001",
    number,
    code,
    journal: new Uint8Array(16).fill(journal),
  };
  return { ...create(EventFactsSchema, about), state };
}

function sentWith(journal: string): CommandRecord {
  const sent = acted(fresh, "send", { atMs: 2_000 });
  ok(sent !== undefined);
  return { ...sent, sent: { order: "", sha256: "", boot: "", journal } };
}

const step = fc.oneof(
  fc.constantFrom(...cloudActs).map((act) => ({ act })),
  fc.record({
    word: fc.constantFrom(...vehicleStates),
    number: fc.integer({ min: 1, max: 9 }),
    journal: fc.constantFrom(1, 2),
  }),
  fc.record({ atMs: fc.constantFrom(0, 70_000, 90_000) }),
);

Deno.test("whatever comes in whatever order, the ladder tells each step, and nothing follows an outcome", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.constantFrom("", "01".repeat(16)), (steps, journal) => {
      let record: CommandRecord = { ...fresh, sent: { order: "", sha256: "", boot: "", journal } };
      for (const one of steps) {
        const next = "act" in one
          ? acted(record, one.act, { atMs: 1 })
          : "word" in one
          ? said(record, { event: eventOf(one.word, one.number, one), atMs: 1 })
          : elapsed(record, one.atMs);
        if (next === undefined) continue;
        if (isOutcome(record.state)) strictEqual(next.state, record.state);
        if (next.state !== record.state) strictEqual(next.steps.length, record.steps.length + 1);
        if (next.state === "succeeded" && record.state !== "succeeded") ok("word" in one);
        strictEqual(next.steps.at(-1)?.state, next.state);
        record = next;
      }
      equal(readRecord(recordText(record)), record);
      strictEqual(isOpen(record), !isOutcome(record.state) && !record.isClosed);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("time ends what was not sent, and makes unknown what the vehicle does not tell", () => {
  strictEqual(elapsed(fresh, fresh.deadlineAtMs - 1), undefined);
  strictEqual(elapsed(fresh, fresh.deadlineAtMs)?.state, "expired");
  const sent = sentWith("");
  strictEqual(elapsed(sent, sent.deadlineAtMs + graceMs - 1), undefined);
  const lost = elapsed(sent, sent.deadlineAtMs + graceMs);
  equal([lost?.state, lost && isOpen(lost)], ["unknown", true]);
  strictEqual(lost && elapsed(lost, Infinity), undefined);
});

Deno.test("a vehicle that does not know will never know", () => {
  const unknown = said(sentWith(""), { event: eventOf("unknown", 2, { code: "software_lost" }), atMs: 1 });
  equal([unknown?.state, unknown?.isClosed], ["unknown", true]);
});

Deno.test("another journal is believed about what it did, not about what it did not", () => {
  const sent = sentWith("02".repeat(16));
  const forgot = said(sent, { event: eventOf("rejected", 1, { code: "other_boot" }), atMs: 1 });
  equal([forgot?.state, forgot?.isClosed, forgot?.steps.at(-1)?.code], ["unknown", true, "journal_gone"]);
  strictEqual(said(sent, { event: eventOf("succeeded", 1), atMs: 1 })?.state, "succeeded");
});

Deno.test("progress is no step, and steps are bounded", () => {
  let record: CommandRecord | undefined = said(sentWith(""), { event: eventOf("executing", 1), atMs: 1 });
  for (let number = 2; number < 200; number++) {
    record = record && said(record, { event: eventOf("executing", number, { code: "progress" }), atMs: 1 });
  }
  equal([record?.steps.length, record?.number], [3, 199]);
  for (let number = 200; number < 400; number++) {
    record = record && said(record, { event: eventOf("executing", number, { code: "again" }), atMs: 1 });
  }
  equal([record?.steps.length, record?.steps[0].state], [stepsMax, "accepted"]);
});

Deno.test("a cancelled command is sent until the vehicle has said anything of it", () => {
  const cancelling = acted(sentWith(""), "cancel", { atMs: 1 });
  ok(cancelling !== undefined && isUndelivered(cancelling));
  const heard = said(cancelling, { event: eventOf("delivered", 1), atMs: 1 });
  ok(heard !== undefined && !isUndelivered(heard));
});

Deno.test("it is sent again ever more rarely", () => {
  equal([0, 1, 2, 3, 9, 99].map(resendDelayMs), [
    resendMs,
    2 * resendMs,
    4 * resendMs,
    8 * resendMs,
    resendMsMax,
    resendMsMax,
  ]);
});
