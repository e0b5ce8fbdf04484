/**
 * One command for many vehicles: given to one after the other at a rate, until enough of them have failed. What becomes
 * of each is told as it becomes known.
 */
import { asFault, type Code } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Clock } from "#proto/ports.ts";
import type { CommandRecord } from "./record.ts";

/** What is to be done. */
export interface GroupPlan {
  readonly vehicles: readonly VehicleId[];
  readonly perSecond: number;
  /** No more are commanded once so many refused or failed; undefined: all are. */
  readonly abortAfter?: number | undefined;
}

/** How it is done. */
export interface GroupParts {
  /** Commands one; what it rejects with is that vehicle's outcome, `unauthorized` that of all that are left. */
  readonly issue: (vehicle: VehicleId) => Promise<CommandRecord>;
  /** Resolves once nothing more can become of it. */
  readonly outcomeOf: (record: CommandRecord) => Promise<CommandRecord>;
  readonly clock: Pick<Clock, "after">;
  /** Ends the run: what is given stays given. */
  readonly signal: AbortSignal;
}

/** What became known of one vehicle. */
export type VehicleNews =
  | { readonly kind: "issued" | "over"; readonly record: CommandRecord }
  | { readonly kind: "refused"; readonly vehicle: VehicleId; readonly code: Code; readonly detail: string };

/** How it came out. */
export interface GroupSummary {
  readonly succeeded: number;
  /** Refused, or over without success. */
  readonly failed: number;
  readonly notIssued: readonly VehicleId[];
}

/** Runs it: yields the news of each vehicle, returns the summary when all that were commanded are over. */
export async function* runGroup(plan: GroupPlan, parts: GroupParts): AsyncGenerator<VehicleNews, GroupSummary> {
  const run = new GroupRun(plan, parts);
  const working = run.work();
  for (;;) {
    const news = await run.next();
    if (news === undefined) break;
    yield news;
  }
  return await working;
}

class GroupRun {
  readonly #plan: GroupPlan;
  readonly #parts: GroupParts;
  readonly #heard: VehicleNews[] = [];
  #wake = Promise.withResolvers<void>();
  #isOver = false;
  #counts = { succeeded: 0, failed: 0 };
  #isRefusedWhole = false;

  constructor(plan: GroupPlan, parts: GroupParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  async work(): Promise<GroupSummary> {
    const { vehicles, perSecond } = this.#plan;
    const { clock, signal } = this.#parts;
    const following: Promise<void>[] = [];
    let done = 0;
    for (; done < vehicles.length && this.#goesOn(); done++) {
      // Not before the first: a call about one vehicle does not wait.
      if (done > 0) await clock.after(1_000 / perSecond, signal).catch(() => undefined);
      if (!this.#goesOn()) break;
      const record = await this.#issue(vehicles[done]);
      if (record !== undefined) following.push(this.#follow(record));
    }
    await Promise.all(following);
    this.#isOver = true;
    this.#wake.resolve();
    return { ...this.#counts, notIssued: vehicles.slice(done) };
  }

  /** Undefined: there is no more. */
  async next(): Promise<VehicleNews | undefined> {
    while (this.#heard.length === 0 && !this.#isOver) {
      await this.#wake.promise;
      if (!this.#isOver) this.#wake = Promise.withResolvers();
    }
    return this.#heard.shift();
  }

  #goesOn(): boolean {
    const { abortAfter = Infinity } = this.#plan;
    return !this.#parts.signal.aborted && !this.#isRefusedWhole && this.#counts.failed < abortAfter;
  }

  async #issue(vehicle: VehicleId): Promise<CommandRecord | undefined> {
    try {
      const record = await this.#parts.issue(vehicle);
      this.#say({ kind: "issued", record });
      return record;
    } catch (thrown) {
      const { code, message: detail } = asFault(thrown);
      this.#isRefusedWhole = code === "unauthorized";
      this.#counts.failed += 1;
      this.#say({ kind: "refused", vehicle, code, detail });
      return undefined;
    }
  }

  async #follow(issued: CommandRecord): Promise<void> {
    const record = await this.#parts.outcomeOf(issued);
    this.#counts[record.state === "succeeded" ? "succeeded" : "failed"] += 1;
    this.#say({ kind: "over", record });
  }

  #say(news: VehicleNews): void {
    this.#heard.push(news);
    this.#wake.resolve();
  }
}
