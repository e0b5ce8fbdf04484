/**
 * `POST /v1/log`: frames in, their places in the ring out, each durable before the answer, or `buffered` where the disk
 * does not answer in time.
 *
 * Of many frames the good ones are taken and the faulty ones named, each by its place in the request: one bad frame
 * costs nothing of anyone else's.
 */
import { type Class, classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { type JsonValue, parseJson } from "#proto/json.ts";
import { framesPerPostMax } from "#proto/limits.ts";
import { type Problem, problemOf } from "#proto/base/problem.ts";
import type { Agent } from "../agent.ts";
import type { Collector } from "../collect/collector.ts";
import type { Appended, NewFrame } from "../ring/ring.ts";

/** Where a frame went. */
export interface TakenFrame {
  /** Decimal. */
  readonly epoch: string;
  readonly seq: number;
  readonly state: Appended["state"];
}

/** What became of one of many frames. */
export type FrameResult = TakenFrame | { readonly error: Problem };

/** What became of many frames, of which at least one was taken, or which were none. */
export interface LoggedFrames {
  /** `durable` when all that were taken are. */
  readonly state: Appended["state"];
  /** Frames taken. */
  readonly count: number;
  /** One for each frame, in order. */
  readonly results: readonly FrameResult[];
}

/** What became of many frames of which none was taken: a problem document with a further member. */
export interface RefusedFrames extends Problem {
  readonly results: readonly FrameResult[];
}

/** An answer with its HTTP status. */
export interface LogAnswer {
  readonly status: number;
  readonly body: TakenFrame | LoggedFrames | RefusedFrames;
}

/** What posting needs. */
export interface LogParts {
  readonly agent: Pick<Agent, "take" | "nowNs">;
  readonly collector: Collector;
}

/** Takes a body of one frame or of an array of them. Throws the fault of a single frame. */
export async function postJson(text: string, parts: LogParts): Promise<LogAnswer> {
  const posted = parseJson(text);
  if (Array.isArray(posted)) return await takeMany(posted, { ...parts, read: (frame) => frame });
  const { class: name, frame } = parts.collector.collect(posted, parts.agent.nowNs());
  const { epoch, first, state } = await parts.agent.take(name, [frame]);
  return { status: 200, body: { epoch: epoch.toString(), seq: first, state } };
}

/** Takes a body of one frame per line; empty lines are nothing. */
export async function postLines(text: string, parts: LogParts): Promise<LogAnswer> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return await takeMany(lines, { ...parts, read: parseJson });
}

/** Frames of one class with their places in the request. */
interface ClassFrames {
  readonly indexes: number[];
  readonly frames: NewFrame[];
}

async function takeMany<T>(
  items: readonly T[],
  { read, agent, collector }: LogParts & { read: (item: T) => JsonValue },
): Promise<LogAnswer> {
  if (items.length > framesPerPostMax) {
    throw new Fault("too_large", `Cannot take ${items.length} frames at once: wanted at most ${framesPerPostMax}`);
  }
  const results = new Array<FrameResult>(items.length);
  const byClass = new Map<Class, ClassFrames>(classes.map((name) => [name, { indexes: [], frames: [] }]));
  const nowNs = agent.nowNs();
  items.forEach((item, index) => {
    try {
      const { class: name, frame } = collector.collect(read(item), nowNs);
      const group = byClass.get(name);
      group?.indexes.push(index);
      group?.frames.push(frame);
    } catch (error) {
      results[index] = { error: problemAt(index, asFault(error)) };
    }
  });
  // Most precious first: when the ring fills up in between, the least precious are refused.
  await Promise.all([...byClass].map(([name, group]) => takeClass(name, group, { agent, results })));
  return answerOf(results);
}

async function takeClass(
  name: Class,
  { indexes, frames }: ClassFrames,
  { agent, results }: { agent: LogParts["agent"]; results: FrameResult[] },
): Promise<void> {
  if (frames.length === 0) return;
  try {
    const { epoch, first, state } = await agent.take(name, frames);
    const text = epoch.toString();
    indexes.forEach((index, at) => results[index] = { epoch: text, seq: first + at, state });
  } catch (error) {
    const fault = asFault(error);
    for (const index of indexes) results[index] = { error: problemAt(index, fault) };
  }
}

function answerOf(results: readonly FrameResult[]): LogAnswer {
  const problems = results.flatMap((result) => "error" in result ? [result.error] : []);
  const count = results.length - problems.length;
  if (count > 0 || problems.length === 0) {
    const isBuffered = results.some((result) => "state" in result && result.state === "buffered");
    return { status: 200, body: { state: isBuffered ? "buffered" : "durable", count, results } };
  }
  // Where a later try may help for some, the caller must know; otherwise the first stands for all.
  const shown = problems.find(({ status }) => status >= 500) ?? problems[0];
  const detail = `None of ${problems.length} frames was taken; ${shown.detail}`;
  return { status: shown.status, body: { ...shown, detail, results } };
}

function problemAt(index: number, fault: Fault): Problem {
  return { ...problemOf(fault), pointer: `/${index}${fault.pointer ?? ""}` };
}
