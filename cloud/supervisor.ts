/** Keeps one worker per service running: starts it, listens to it, replaces it when it crashes or hangs. */
import type { Clock, Log } from "#proto/ports.ts";
import type { CloudConfig, ServiceName } from "./config.ts";
import { crashesAfter, restartPauseMs } from "./lib/restart_policy.ts";
import { isHanging, type ServiceState } from "./lib/service_board.ts";
import type { Notice, Order } from "./lib/service_link.ts";

/** The part of a Worker that the supervisor needs. */
export interface ServiceWorker {
  send(order: Order): void;
  /** Ends it at once. */
  terminate(): void;
  /** Called for each notice. */
  onNotice(listener: (notice: Notice) => void): void;
  /** Called once when it crashes. */
  onCrash(listener: (reason: string) => void): void;
}

/** What the supervisor is given. */
export interface SupervisorParts {
  readonly config: CloudConfig;
  readonly startWorker: (service: ServiceName, config: CloudConfig) => ServiceWorker;
  readonly clock: Clock;
  readonly log: Log;
  /** Stops the service when it fires. */
  readonly signal: AbortSignal;
}

/** Bound of a service's orderly end. */
const stopGraceMs = 2_500;

/** One service under supervision. */
export class Supervised {
  readonly #parts: SupervisorParts;
  #state: ServiceState;
  #crashes = 0;

  constructor(service: ServiceName, parts: SupervisorParts) {
    this.#parts = parts;
    this.#state = { service, startedAtMs: 0, heardAtMs: 0, restarts: 0, lastEnd: "", report: undefined };
  }

  /** A snapshot. */
  get state(): ServiceState {
    return this.#state;
  }

  /** Runs the service, again and again, until the signal fires; then lets it finish. */
  async run(): Promise<void> {
    const { clock, log } = this.#parts;
    while (!this.#parts.signal.aborted) {
      const startedAtMs = clock.uptimeMs();
      const end = await this.#runOnce();
      if (this.#parts.signal.aborted) return;
      this.#crashes = crashesAfter(clock.uptimeMs() - startedAtMs, this.#crashes);
      this.#state = { ...this.#state, restarts: this.#state.restarts + 1, lastEnd: end, report: undefined };
      const pauseMs = restartPauseMs(this.#crashes);
      log.error("Service ended and is started again", { service: this.#state.service, end, pauseMs });
      await clock.after(pauseMs, this.#parts.signal).catch((error) => this.#expectAbort(error));
    }
  }

  async #runOnce(): Promise<string> {
    const { clock, config, startWorker } = this.#parts;
    const worker = startWorker(this.#state.service, config);
    const ended = Promise.withResolvers<string>();
    const run = new AbortController();
    this.#state = { ...this.#state, startedAtMs: clock.uptimeMs(), report: undefined };
    worker.onCrash((reason) => ended.resolve(reason));
    worker.onNotice((notice) => {
      this.#state = { ...this.#state, heardAtMs: clock.uptimeMs() };
      if (notice.kind === "stopped") ended.resolve("stopped");
      else this.#state = { ...this.#state, report: notice };
    });
    worker.send({ kind: "start", config });
    const stop = () => this.#askToStop(worker, run.signal).then(ended.resolve, ended.reject);
    this.#parts.signal.addEventListener("abort", stop, { once: true });
    const watched = this.#watchForSilence(run.signal).then(ended.resolve, (error) => this.#expectAbort(error));
    const reason = await ended.promise;
    run.abort();
    await watched;
    this.#parts.signal.removeEventListener("abort", stop);
    worker.terminate();
    return reason;
  }

  async #askToStop(worker: ServiceWorker, run: AbortSignal): Promise<string> {
    worker.send({ kind: "stop" });
    await this.#parts.clock.after(stopGraceMs, run).catch((error) => this.#expectAbort(error));
    return "did not stop in time";
  }

  async #watchForSilence(run: AbortSignal): Promise<string> {
    while (true) {
      await this.#parts.clock.after(1_000, run);
      if (isHanging(this.#state, this.#parts.clock.uptimeMs())) return "stopped reporting";
    }
  }

  /** Waits end early when their run ends; anything else is a broken promise. */
  #expectAbort(error: unknown): void {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
}
