/**
 * A command as the cloud keeps it, with the ladder of its states: when, by whose word, and why. Pure.
 * States: proto/command_state.ts.
 */
import { z } from "zod";
import type { BelievedEvent } from "#proto/command_event.ts";
import { afterAct, afterWord, type CloudAct, commandStates, isOutcome } from "#proto/command_state.ts";
import { type CommandId, parseCommandId } from "#proto/command_id.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { commandClasses } from "#proto/order.ts";
import { graceMs, resendMs, resendMsMax, stepsMax } from "./limits.ts";

const step = z.strictObject({
  state: z.enum(commandStates),
  /** Ms since 1970, by the cloud's clock. */
  atMs: z.number(),
  by: z.enum(["cloud", "vehicle"]),
  code: z.string(),
  detail: z.string(),
});

const sent = z.strictObject({
  /** The signed order, base64: it is sent again byte for byte. */
  order: z.string(),
  sha256: z.string(),
  /** Hex. */
  boot: z.string(),
  /** The vehicle's journal that was known then; hex, empty when none was. */
  journal: z.string(),
});

const schema = z.strictObject({
  id: z.string(),
  vehicle: z.string(),
  type: z.string(),
  class: z.enum(commandClasses),
  /** JSON text. */
  data: z.string(),
  priority: z.string(),
  issuer: z.string(),
  reason: z.string(),
  createdAtMs: z.number(),
  deadlineAtMs: z.number(),
  state: z.enum(commandStates),
  /** Whether `unknown` is the last that anybody will ever know. */
  isClosed: z.boolean(),
  steps: z.array(step),
  sent: sent.optional(),
  /** Number of the vehicle's newest word. */
  number: z.number(),
  /** JSON text of the newest progress or of the result; empty when there is none. */
  result: z.string(),
});

/** One rung of the ladder. */
export type Step = z.output<typeof step>;
/** What was sent. */
export type Sent = z.output<typeof sent>;

/** One command. */
export interface CommandRecord extends Omit<z.output<typeof schema>, "id" | "vehicle"> {
  readonly id: CommandId;
  readonly vehicle: VehicleId;
}

/** What a new command is made of. */
export type NewCommand = Pick<
  CommandRecord,
  "id" | "vehicle" | "type" | "class" | "data" | "priority" | "issuer" | "reason" | "createdAtMs" | "deadlineAtMs"
>;

/** A command that was just accepted. */
export function acceptedRecord(command: NewCommand): CommandRecord {
  const first: Step = { state: "accepted", atMs: command.createdAtMs, by: "cloud", code: "", detail: "" };
  return { ...command, state: "accepted", isClosed: false, steps: [first], number: 0, result: "" };
}

/** After an act of the cloud; undefined when it may not do that, or it changes nothing. */
export function acted(
  record: CommandRecord,
  act: CloudAct,
  { atMs, code = "", detail = "" }: { atMs: number; code?: string; detail?: string },
): CommandRecord | undefined {
  const state = afterAct(record.state, act);
  if (state === undefined || state === record.state) return undefined;
  return withStep(record, { state, atMs, by: "cloud", code, detail });
}

/** After the vehicle's word; undefined when it is no news. */
export function said(
  record: CommandRecord,
  { event, atMs }: { event: BelievedEvent; atMs: number },
): CommandRecord | undefined {
  if (event.number <= record.number) return undefined;
  const heard = { ...record, number: event.number, result: event.data === "" ? record.result : event.data };
  const isCertain = event.state === "succeeded" || event.state === "failed";
  if (isOutcome(record.state) || (record.isClosed && !isCertain)) return heard;
  // Who has forgotten cannot know that it did nothing.
  const hasForgotten = record.sent !== undefined && record.sent.journal !== "" &&
    event.journal.toHex() !== record.sent.journal;
  if (hasForgotten && !isCertain) return forgotten(heard, atMs);
  const state = afterWord(record.state, event.state);
  if (state === undefined) return heard;
  const { code, detail } = event;
  if (state === record.state && code === "progress") return heard;
  const next = withStep(heard, { state, atMs, by: "vehicle", code, detail: detail.slice(0, 500) });
  // A vehicle that does not know will never know.
  return { ...next, isClosed: event.state === "unknown" };
}

/** Whether anything can still become of it. */
export function isOpen({ state, isClosed }: CommandRecord): boolean {
  return !isOutcome(state) && !isClosed;
}

/** Whether its vehicle is still to say that it has it. */
export function isUndelivered({ state, steps }: CommandRecord): boolean {
  return state === "sent" || (state === "cancelling" && !steps.some(({ by }) => by === "vehicle"));
}

/** What time brings: what was never sent expires, of what was nobody knows after a while. Undefined: nothing. */
export function elapsed(record: CommandRecord, nowMs: number): CommandRecord | undefined {
  if (nowMs < record.deadlineAtMs) return undefined;
  const expired = acted(record, "expire", {
    atMs: nowMs,
    code: "not_linked",
    detail: "its vehicle was not linked in time",
  });
  if (expired !== undefined) return expired;
  if (record.state === "unknown" || nowMs < record.deadlineAtMs + graceMs) return undefined;
  return acted(record, "lose", { atMs: nowMs, code: "no_word", detail: "its vehicle has not said what became of it" });
}

/** When a command that is not delivered is sent again, after so many times. */
export function resendDelayMs(times: number): number {
  return Math.min(resendMsMax, resendMs * 2 ** Math.min(times, 10));
}

/** As text for the store. */
export function recordText(record: CommandRecord): string {
  return JSON.stringify(record);
}

/** Reads what {@link recordText} made; throws what is no such text. */
export function readRecord(text: string): CommandRecord {
  const record = schema.parse(JSON.parse(text));
  return { ...record, id: parseCommandId(record.id), vehicle: parseVehicleId(record.vehicle) };
}

function forgotten(record: CommandRecord, atMs: number): CommandRecord {
  const detail = "its vehicle has another journal by now and cannot know";
  const step: Step = { state: "unknown", atMs, by: "vehicle", code: "journal_gone", detail };
  return { ...withStep(record, step), isClosed: true };
}

/** The first and the newest are kept. */
function withStep(record: CommandRecord, step: Step): CommandRecord {
  const steps = [...record.steps, step];
  const kept = steps.length <= stepsMax ? steps : [steps[0], ...steps.slice(1 - stepsMax)];
  return { ...record, state: step.state, steps: kept };
}
