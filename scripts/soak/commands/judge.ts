/** What became of many commands, beside what the vehicle's software did: whether every word about them is true. Pure. */
import type { CommandState } from "#proto/command_state.ts";

/** A command as the API shows it at the end. */
export interface ShownCommand {
  readonly command_id: string;
  readonly state: CommandState;
  readonly final: boolean;
  readonly expires_at: string;
}

/** What the software did with one. */
export interface Doing {
  readonly id: string;
  /** Ms since 1970. */
  readonly beganMs: number;
  /** What it told, once it had ended. */
  readonly outcome: string | undefined;
}

/** What was found. Everything but the states is a broken promise, or none. */
export interface CommandFindings {
  /** Commands by their state at the end. */
  readonly states: Readonly<Record<string, number>>;
  readonly twice: number;
  readonly afterExpiry: number;
  /** Shown as succeeded although the software never said so. */
  readonly falseSuccess: number;
  /** Shown as never begun although it was. */
  readonly falseRefusal: number;
  readonly open: number;
  /** Answered to the operator, and not there any more. */
  readonly missing: number;
}

/** States that say that nothing was done. */
const untouched: readonly CommandState[] = ["rejected", "expired", "cancelled"];

/** Judges. `asked`: the ids that the operator was given. */
export function judge(
  asked: readonly string[],
  { shown, done }: { shown: readonly ShownCommand[]; done: readonly Doing[] },
): CommandFindings {
  const byId = new Map(shown.map((command) => [command.command_id, command]));
  const doings = Map.groupBy(done, ({ id }) => id);
  const states: Record<string, number> = {};
  for (const { state } of shown) states[state] = (states[state] ?? 0) + 1;
  const count = (isBad: (command: ShownCommand, own: readonly Doing[]) => boolean) =>
    shown.filter((command) => isBad(command, doings.get(command.command_id) ?? [])).length;
  return {
    states,
    twice: [...doings.values()].filter((own) => own.length > 1).length,
    afterExpiry: count(({ expires_at: end }, own) => own.some(({ beganMs }) => beganMs > Date.parse(end))),
    falseSuccess: count(({ state }, own) =>
      state === "succeeded" && !own.some(({ outcome }) => outcome === "succeeded")
    ),
    falseRefusal: count(({ state }, own) => untouched.includes(state) && own.length > 0),
    open: count(({ final }) => !final),
    missing: asked.filter((id) => !byId.has(id)).length,
  };
}

/** Whether every promise was kept. */
export function isKept({ states: _states, ...broken }: CommandFindings): boolean {
  return Object.values(broken).every((count) => count === 0);
}
