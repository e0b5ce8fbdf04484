/** One child process whose output goes to a file, so that it never blocks on us and outlives a crash of ours. */

/** What to start. */
export interface ChildPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended here. */
  readonly logFile: string;
}

/** A running process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process is gone: `code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** Asks with SIGTERM, ends with SIGKILL after the grace; settles when the process is gone. */
  stop(graceMs: number): Promise<void>;
  kill(signal: Deno.Signal): void;
}

/** Starts a process through the shell's `exec`, so its pid is the process's own. */
export function startChild(plan: ChildPlan): Child {
  const script = 'log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", plan.logFile, plan.command, ...plan.args],
    env: plan.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const status = child.status;
  return {
    name: plan.name,
    pid: child.pid,
    ended: status.then(({ code, signal }) => signal === null ? `code ${code}` : `signal ${signal}`),
    stop: async (graceMs) => {
      const timer = setTimeout(() => signalTo(child, "SIGKILL"), graceMs);
      signalTo(child, "SIGTERM");
      await status;
      clearTimeout(timer);
    },
    kill: (signal) => signalTo(child, signal),
  };
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // Gone already: what was wanted.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Last lines of a log file, for a message about why something did not start. */
export async function tailOf(logFile: string, lines = 15): Promise<string> {
  try {
    return (await Deno.readTextFile(logFile)).trimEnd().split("\n").slice(-lines).join("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
