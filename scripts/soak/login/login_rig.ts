/** Attacks in turn on the pure machine of the login, and what came of them (goals.md R13). */
import { percentilesOf, percentilesText } from "../../bench/percentiles.ts";
import { type Attack, attacks } from "./attacks.ts";
import { layGround, logIn } from "./ground.ts";

/** What came of one kind of attack. */
export interface Tally {
  tries: number;
  accepted: number;
  /** Refusals by code. */
  readonly refused: Map<string, number>;
}

/** What came of all. */
export interface LoginResult {
  readonly tallies: ReadonlyMap<string, Tally>;
  /** Good logins in between, and how many of them were let in. */
  readonly good: { tries: number; accepted: number };
  /** What the relay spent on each attempt, ms. */
  readonly wallMs: Float64Array;
  readonly cpuMs: Float64Array;
}

/** A good login comes after so many attempts: a door that is nailed up keeps everybody out. */
export const goodEvery = 500;
const recordings = 32;

/** Runs so many attempts; `onProgress` hears of every hundredth part. */
export async function soakLogin(
  options: {
    tries: number;
    seed: number;
    attacks?: Readonly<Record<string, Attack>>;
    onProgress?: (done: number) => void;
  },
): Promise<LoginResult> {
  const ground = await layGround({ seed: options.seed, recordings });
  const kinds = Object.entries(options.attacks ?? attacks);
  const tallies = new Map(
    kinds.map(([name]): [string, Tally] => [name, { tries: 0, accepted: 0, refused: new Map() }]),
  );
  const good = { tries: 0, accepted: 0 };
  const [wallMs, cpuMs] = [new Float64Array(options.tries), new Float64Array(options.tries)];
  for (let at = 0; at < options.tries; at++) {
    const [name, attack] = kinds[at % kinds.length];
    const attempt = attack(ground);
    [wallMs[at], cpuMs[at]] = [attempt.spent.wallMs, attempt.spent.cpuMs];
    count(tallies.get(name), attempt.step);
    if ((at + 1) % goodEvery === 0) {
      good.tries += 1;
      const identity = ground.vehicles[good.tries % ground.vehicles.length];
      if (logIn(ground, identity).step.kind === "accept") good.accepted += 1;
    }
    if ((at + 1) % Math.ceil(options.tries / 100) === 0) options.onProgress?.(at + 1);
  }
  return { tallies, good, wallMs, cpuMs };
}

/** Whether nobody was let in who should not, and everybody who should. */
export function isShut({ tallies, good }: LoginResult): boolean {
  return [...tallies.values()].every(({ accepted }) => accepted === 0) && good.accepted === good.tries;
}

/** Lines for people. */
export function loginReport(result: LoginResult): string[] {
  const { tallies, good, wallMs, cpuMs } = result;
  const width = Math.max(...[...tallies.keys()].map(({ length }) => length));
  const sum = (of: "tries" | "accepted") => [...tallies.values()].reduce((total, tally) => total + tally[of], 0);
  return [
    ...[...tallies].map(([name, { tries, accepted, refused }]) =>
      `  ${name.padEnd(width)}  ${String(tries).padStart(8)} tries, ${accepted} accepted; ${codesText(refused)}`
    ),
    `  ${"all".padEnd(width)}  ${String(sum("tries")).padStart(8)} tries, ${sum("accepted")} accepted`,
    `good logins in between: ${good.accepted} of ${good.tries} accepted`,
    timesText("check, on the wall", wallMs),
    timesText("check, of the processor", cpuMs),
  ];
}

function timesText(name: string, timesMs: Float64Array): string {
  const percentiles = percentilesOf([...timesMs]);
  return `${name}: ${percentilesText(percentiles, 3)}; goal p99 2 ms ${percentiles.p99 < 2 ? "reached" : "missed"}`;
}

function count(tally: Tally | undefined, step: { kind: string; code?: string }): void {
  if (tally === undefined) return;
  tally.tries += 1;
  if (step.kind === "accept") tally.accepted += 1;
  else tally.refused.set(step.code ?? step.kind, (tally.refused.get(step.code ?? step.kind) ?? 0) + 1);
}

function codesText(refused: ReadonlyMap<string, number>): string {
  return [...refused].toSorted(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`).join(", ");
}
