/**
 * A shard's process: started, watched, started again with back-off, stopped.
 *
 *     starting -- ended by itself --> waiting -- back-off over --> starting
 *     any -- stop --> SIGTERM -- ended, or `shardStopMs` over and SIGKILL --> stopped
 */
import { fileURLToPath } from "node:url";
import type { Clock, Log } from "#proto/ports.ts";
import { settledWithin } from "#proto/within.ts";
import { shardAnswerTimeoutMs, shardStopMs } from "../limits.ts";
import { RestartBackoff } from "../restart.ts";

/** Settings of a {@link ShardProcess}. */
export interface ShardProcessOptions {
  readonly shard: number;
  readonly configFile: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a shard may touch: sockets, the files its configuration names, and the host's name for NATS. */
const permissions = ["--allow-net", "--allow-read", "--allow-env", "--allow-sys"];

/** Lets the shard ask for a collection of garbage, and keeps small what the runtime grows the room for new objects to under load. */
const runtimeFlags = ["--v8-flags=--expose-gc,--max-semi-space-size=8"];

/** One shard, from {@link ShardProcess.run} until that returns. */
export class ShardProcess {
  readonly shard: number;
  /** How often it had to be started again. */
  restarts = 0;
  readonly #options: ShardProcessOptions;
  readonly #stopped = new AbortController();
  #child: Deno.ChildProcess | undefined;
  #privatePort: number | undefined;

  constructor(options: ShardProcessOptions) {
    this.shard = options.shard;
    this.#options = options;
  }

  /** Keeps the process running until {@link stop}. */
  async run(): Promise<void> {
    const { clock, log, shard } = this.#options;
    const { signal } = this.#stopped;
    const backoff = new RestartBackoff();
    while (!signal.aborted) {
      const startedAtMs = clock.uptimeMs();
      const code = await this.#runOnce();
      if (signal.aborted) return;
      const delayMs = backoff.delayAfter(clock.uptimeMs() - startedAtMs);
      this.restarts += 1;
      log.warn("A shard ended and is started again", { shard, code, delayMs });
      await clock.after(delayMs, signal).catch(() => undefined);
    }
  }

  /** Asks the process to end in good order and makes sure of it. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const child = this.#child;
    if (child === undefined) return;
    signal(child, "SIGTERM");
    const isOver = await settledWithin(child.status, { clock: this.#options.clock, limitMs: shardStopMs });
    if (!isOver) signal(child, "SIGKILL");
  }

  /** Asks the shard on its private port; undefined when it does not answer. */
  async ask(path: string): Promise<Response | undefined> {
    if (this.#privatePort === undefined) return undefined;
    try {
      const url = `http://127.0.0.1:${this.#privatePort}${path}`;
      return await fetch(url, { signal: AbortSignal.timeout(shardAnswerTimeoutMs) });
    } catch {
      // A shard that is starting or hangs answers nothing, which is what the caller is told.
      return undefined;
    }
  }

  async #runOnce(): Promise<number> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...runtimeFlags, "--quiet", "--no-prompt", ...permissions, shardFile(), ...this.#arguments()],
      // The shard ends when this pipe does.
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#child = child;
    const reading = this.#readPort(child.stdout);
    const { code } = await child.status;
    await reading;
    this.#child = undefined;
    this.#privatePort = undefined;
    return code;
  }

  #arguments(): string[] {
    return ["--config", this.#options.configFile, "--shard", String(this.shard)];
  }

  /** The one line that a shard says; what may follow is not looked at. */
  async #readPort(stdout: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of stdout.pipeThrough(new TextDecoderStream())) {
      if (this.#privatePort !== undefined) continue;
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) this.#privatePort = JSON.parse(text.slice(0, end)).private_port;
    }
  }
}

function shardFile(): string {
  return fileURLToPath(new URL("../shard.ts", import.meta.url));
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    // It has ended already.
  }
}
