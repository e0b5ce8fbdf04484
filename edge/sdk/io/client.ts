/**
 * A client of the agent's local API for the vehicle's software: frames up, commands down.
 *
 * @example
 * ```ts
 * const vehicle = vehicleClient({ agentUrl: "http://127.0.0.1:7777", name: "pilot" });
 * await vehicle.log({ stream: "battery", data: { volts: 15.2 } });
 * await vehicle.takeCommands({
 *   onCommand: async ({ type }, { signal }) => type === "hold" ? { state: "succeeded" } : { state: "rejected" },
 *   onStop: () => motors.hold(),
 * }, AbortSignal.timeout(60_000));
 * ```
 */
import { asFault, Fault, isCode } from "#proto/errors.ts";
import { EventStreamParser } from "#proto/base/event_stream.ts";

/** Where the agent is, and who asks. */
export interface VehicleClientOptions {
  readonly agentUrl: string;
  /** Name of the program, for people. */
  readonly name: string;
}

/** A frame as `POST /v1/log` takes it. */
export interface Frame {
  readonly data: Readonly<Record<string, unknown>>;
  readonly stream?: string;
  /** Nanoseconds since 1970 as digits, or milliseconds as a number. */
  readonly ts?: string | number;
  readonly class?: "critical" | "event" | "normal" | "bulk";
}

/** A command that was claimed: it is to be done now. */
export interface Command {
  readonly id: string;
  readonly type: string;
  readonly class: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly issuer: string;
}

/** What became of it. */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "rejected" | "cancelled" | "superseded";
  readonly code?: string;
  readonly detail?: string;
  readonly data?: unknown;
}

/** What goes with a command. */
export interface CommandContext {
  /** Fires when it is to end: it was taken back, or the vehicle was stopped. */
  readonly signal: AbortSignal;
  /** Tells how far it is. */
  progress(data: unknown): Promise<void>;
}

/** What the vehicle's software does. */
export interface CommandHandlers {
  /** Does a command; what it throws is told as `failed`. Several may run at a time. */
  onCommand(command: Command, context: CommandContext): Promise<Outcome>;
  /** Stops the vehicle: called before anything else. */
  onStop?(number: string): void;
  /** The stop is over. */
  onRelease?(number: string): void;
}

/** The client. */
export interface VehicleClient {
  /** Gives a frame to the agent; resolves with its state there. Rejects with a Fault. */
  log(frame: Frame): Promise<"durable" | "buffered">;
  /** Takes commands until the signal fires, and comes back whenever the agent does. Rejects for nothing of the world. */
  takeCommands(handlers: CommandHandlers, signal: AbortSignal): Promise<void>;
}

/** Between two attempts to reach the agent. */
const retryMs = { first: 250, most: 5_000 };

/** Makes a client. */
export function vehicleClient(options: VehicleClientOptions): VehicleClient {
  return {
    log: async (frame) => {
      const { state } = await post(options, "/v1/log", frame);
      return state === "buffered" ? "buffered" : "durable";
    },
    takeCommands: async (handlers, signal) => {
      let delayMs = retryMs.first;
      while (!signal.aborted) {
        const taker = new CommandTaker(options, handlers);
        const hasTaken = await taker.run(signal);
        delayMs = hasTaken ? retryMs.first : Math.min(retryMs.most, delayMs * 2);
        await pause(delayMs, signal);
      }
    },
  };
}

/** One stream of commands. */
class CommandTaker {
  readonly #options: VehicleClientOptions;
  readonly #handlers: CommandHandlers;
  /** What runs, and how to end it. */
  readonly #running = new Map<string, { readonly isMotion: boolean; readonly over: AbortController }>();

  constructor(options: VehicleClientOptions, handlers: CommandHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** True when there was a stream. What runs goes on when it ends. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { agentUrl, name } = this.#options;
    let isOpen = false;
    try {
      const response = await fetch(`${agentUrl}/v1/commands?client=${encodeURIComponent(name)}`, { signal });
      if (!response.ok || response.body === null) throw await faultOf(response);
      isOpen = true;
      const parser = new EventStreamParser();
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        for (const { event, data } of parser.push(text)) this.#handle(event, JSON.parse(data));
      }
    } catch {
      // The agent is away, or somebody else takes the commands: the caller comes again.
    }
    return isOpen;
  }

  #handle(event: string, data: { id: string; number: string; class: string; state: string }): void {
    switch (event) {
      case "stop":
        this.#handlers.onStop?.(data.number);
        for (const { isMotion, over } of this.#running.values()) if (isMotion) over.abort("stopped");
        return;
      case "release":
        return this.#handlers.onRelease?.(data.number);
      case "cancel":
        return this.#running.get(data.id)?.over.abort("cancelled");
      case "command":
        void this.#do(data.id, data);
    }
  }

  /** What is told twice, or cannot be told, is the agent's to settle. */
  async #do(id: string, { state, class: name }: { state: string; class: string }): Promise<void> {
    if (this.#running.has(id)) return;
    const over = new AbortController();
    this.#running.set(id, { isMotion: name === "motion", over });
    try {
      // Begun by a run of this software that is gone: how far it came nobody knows.
      if (state === "executing") return await this.#tell(id, { state: "failed", code: "software_restarted" });
      const command = await post(this.#options, `/v1/commands/${id}/claim`, undefined) as unknown as Command;
      await this.#tell(id, await this.#outcome(command, over.signal));
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
    } finally {
      this.#running.delete(id);
    }
  }

  async #outcome(command: Command, signal: AbortSignal): Promise<Outcome> {
    const progress = async (data: unknown) => {
      await post(this.#options, `/v1/commands/${command.id}/progress`, { data });
    };
    try {
      return await this.#handlers.onCommand(command, { signal, progress });
    } catch (thrown) {
      if (signal.aborted) return { state: signal.reason === "stopped" ? "superseded" : "cancelled" };
      return { state: "failed", code: "software_failed", detail: asFault(thrown).message.slice(0, 300) };
    }
  }

  /** Again while the agent is away: it has begun, so it must be told. */
  async #tell(id: string, outcome: Outcome): Promise<void> {
    for (let delayMs = retryMs.first;; delayMs = Math.min(retryMs.most, delayMs * 2)) {
      try {
        await post(this.#options, `/v1/commands/${id}/result`, outcome);
        return;
      } catch (thrown) {
        if (asFault(thrown).code !== "unavailable") throw thrown;
        await pause(delayMs);
      }
    }
  }
}

async function post({ agentUrl }: VehicleClientOptions, path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await attempt(() =>
    fetch(`${agentUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  );
  if (!response.ok) throw await faultOf(response);
  return await response.json();
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Fault("unavailable", `Cannot reach the agent: ${asFault(cause).message}`, { cause });
  }
}

async function faultOf(response: Response): Promise<Fault> {
  const { code, detail } = await response.json().catch(() => ({}));
  const known = typeof code === "string" && isCode(code) ? code : "internal";
  return new Fault(known, `The agent answered ${response.status}: ${detail ?? ""}`);
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
