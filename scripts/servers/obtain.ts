/** Tries the ways to a server in order, says what it does, and says what to install when none works. */

/** What a way came to: the path of the thing, or why not. */
export type Attempt = { readonly path: string } | { readonly why: string };

/** One way to a server. */
export interface Way {
  /** What is tried, for people: `found on PATH`, `installed with pip`. */
  readonly name: string;
  attempt(): Promise<Attempt>;
}

/** Says one line to whoever is waiting. */
export type Say = (line: string) => void;

/** Returns the path that the first working way gives; throws with every way's failure and the advice. */
export async function obtain(
  server: string,
  ways: readonly Way[],
  options: { say: Say; advice: string },
): Promise<string> {
  const failures: string[] = [];
  for (const way of ways) {
    const attempt = await way.attempt();
    if ("path" in attempt) {
      options.say(`${server}: ${way.name} (${attempt.path})`);
      return attempt.path;
    }
    failures.push(`  ${way.name}: ${attempt.why}`);
  }
  throw new Error(`Cannot obtain ${server}:\n${failures.join("\n")}\n${options.advice}`);
}
