/**
 * How long an HTTP connection may take over what. Nothing but times and who spoke: what is said is for the server.
 *
 *     head --- head is whole --> asking --- server speaks --> idle --- client speaks --> asking
 *       | headMs                   | answerMs                  | idleMs
 *       `--------------------------+---------------------------+-- over: say why, close
 *
 * A client that sends its next head, or a body, too slowly is one whom the server does not answer in time. With another
 * protocol agreed on (a WebSocket) only silence of both ends it. A peer that does not read what is written to it is over
 * after `answerMs` too. Times are uptime in ms.
 */

/** See the head of this file. */
export interface ConnectionTimes {
  readonly headMs: number;
  readonly answerMs: number;
  readonly idleMs: number;
}

/** Why a connection is over. */
export type Overdue = "head" | "answer" | "idle" | "reading";

/** One connection from its first moment. */
export class ConnectionWatch {
  readonly #times: ConnectionTimes;
  #state: "head" | "asking" | "idle" | "upgraded" = "head";
  #sinceMs: number;
  #writingSinceMs: number | undefined;

  constructor(times: ConnectionTimes, nowMs: number) {
    this.#times = times;
    this.#sinceMs = nowMs;
  }

  /** The first head is whole. */
  handleHead({ asksForUpgrade }: { asksForUpgrade: boolean }, nowMs: number): void {
    this.#to(asksForUpgrade ? "upgraded" : "asking", nowMs);
  }

  /** The client sent something after its first head. */
  handleClient(nowMs: number): void {
    if (this.#state === "idle") this.#to("asking", nowMs);
    if (this.#state === "upgraded") this.#sinceMs = nowMs;
  }

  /** The server sent something, which is now written to the client. */
  handleServer(nowMs: number): void {
    this.#to(this.#state === "upgraded" ? "upgraded" : "idle", nowMs);
    this.#writingSinceMs = nowMs;
  }

  /** The client's end took it. */
  handleWritten(nowMs: number): void {
    this.#writingSinceMs = undefined;
    this.#sinceMs = Math.max(this.#sinceMs, nowMs);
  }

  /** Why the connection is over now. */
  poll(nowMs: number): Overdue | undefined {
    const { headMs, answerMs, idleMs } = this.#times;
    if (this.#writingSinceMs !== undefined) return nowMs - this.#writingSinceMs >= answerMs ? "reading" : undefined;
    const waitedMs = nowMs - this.#sinceMs;
    if (this.#state === "head") return waitedMs >= headMs ? "head" : undefined;
    if (this.#state === "asking") return waitedMs >= answerMs ? "answer" : undefined;
    return waitedMs >= idleMs ? "idle" : undefined;
  }

  #to(state: "asking" | "idle" | "upgraded", nowMs: number): void {
    this.#state = state;
    this.#sinceMs = nowMs;
  }
}
