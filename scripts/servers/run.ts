/** Runs a command to its end and keeps what it said. */

export interface Outcome {
  readonly ok: boolean;
  /** Standard output and error, in that order. */
  readonly text: string;
}

/** Runs to the end; a command that does not exist is an outcome, not an exception. */
export async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    return { ok: success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { ok: false, text: `${command}: not found on PATH` };
    throw error;
  }
}

/** The absolute path of a command that is on the PATH, so that a process of it can be told from any other. */
export async function findOnPath(command: string): Promise<string | undefined> {
  const { ok, text } = await run("sh", ["-c", `command -v ${command}`]);
  return ok ? text.trim() : undefined;
}

/** The last line that a command said: mostly why it failed. */
export function lastLineOf({ text }: Outcome): string {
  return text.trim().split("\n").at(-1) || "it said nothing";
}
