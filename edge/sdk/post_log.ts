/**
 * `POST /v1/log`: frames in, their places in the ring out, each durable before the answer.
 *
 * Of many frames the good ones are taken and the faulty ones named, each by its place in the request: one bad frame
 * costs nothing of anyone else's.
 */
import { type Class, classes } from "#proto/class.ts";
import { asFault, type Code, codes, Fault } from "#proto/errors.ts";
import { type JsonValue, parseJson } from "#proto/json.ts";
import { type Problem, problemOf } from "#proto/base/problem.ts";
import type { Agent } from "../agent.ts";
import type { CollectedFrame, Collector } from "../collect/collector.ts";

/** Where a frame went. */
export interface TakenFrame {
  /** Decimal. */
  readonly epoch: string;
  readonly seq: number;
  readonly state: "durable";
}

/** What became of one of many frames. */
export type FrameResult = TakenFrame | { readonly error: Problem };

/** An answer with its HTTP status. */
export interface LogAnswer {
  readonly status: number;
  readonly body: TakenFrame | {
    readonly state: "durable";
    readonly count: number;
    readonly results: readonly FrameResult[];
  };
}

/** What posting needs. */
export interface LogParts {
  readonly agent: Pick<Agent, "take" | "nowNs">;
  readonly collector: Collector;
}

/** Takes a body of one frame or of an array of them. Throws the fault of a single frame. */
export async function postJson(text: string, parts: LogParts): Promise<LogAnswer> {
  const posted = parseJson(text);
  if (Array.isArray(posted)) return await takeMany(posted.map((frame) => () => frame), parts);
  const { class: name, frame } = parts.collector.collect(posted, parts.agent.nowNs());
  const { epoch, first } = await parts.agent.take(name, [frame]);
  return { status: 200, body: { epoch: epoch.toString(), seq: first, state: "durable" } };
}

/** Takes a body of one frame per line; empty lines are nothing. */
export async function postLines(text: string, parts: LogParts): Promise<LogAnswer> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return await takeMany(lines.map((line) => () => parseJson(line)), parts);
}

async function takeMany(frames: readonly (() => JsonValue)[], parts: LogParts): Promise<LogAnswer> {
  const results = new Array<FrameResult>(frames.length);
  const byClass = new Map<Class, { index: number; collected: CollectedFrame }[]>();
  const nowNs = parts.agent.nowNs();
  frames.forEach((read, index) => {
    try {
      const collected = parts.collector.collect(read(), nowNs);
      const group = byClass.get(collected.class);
      if (group === undefined) byClass.set(collected.class, [{ index, collected }]);
      else group.push({ index, collected });
    } catch (error) {
      results[index] = { error: problemOf(atIndex(asFault(error), index)) };
    }
  });
  // Most precious first: when the ring fills up in between, the least precious are refused.
  const ordered = classes.flatMap((name) => byClass.has(name) ? [name] : []);
  await Promise.all(ordered.map((name) => takeClass(name, byClass.get(name) ?? [], { parts, results })));
  return answerOf(results);
}

async function takeClass(
  name: Class,
  group: readonly { index: number; collected: CollectedFrame }[],
  { parts, results }: { parts: LogParts; results: FrameResult[] },
): Promise<void> {
  try {
    const { epoch, first } = await parts.agent.take(name, group.map(({ collected }) => collected.frame));
    const text = epoch.toString();
    group.forEach(({ index }, at) => results[index] = { epoch: text, seq: first + at, state: "durable" });
  } catch (error) {
    const fault = asFault(error);
    for (const { index } of group) results[index] = { error: problemOf(fault) };
  }
}

/** 200 when anything was taken or nothing was sent; else the first fault's status. */
function answerOf(results: readonly FrameResult[]): LogAnswer {
  const taken = results.filter((result) => "seq" in result).length;
  const first = results[0];
  const status = taken === 0 && first !== undefined && "error" in first ? codes[first.error.code as Code].status : 200;
  return { status, body: { state: "durable", count: taken, results } };
}

function atIndex(fault: Fault, index: number): Fault {
  return new Fault(fault.code, fault.message, { pointer: `/${index}${fault.pointer ?? ""}`, cause: fault });
}
