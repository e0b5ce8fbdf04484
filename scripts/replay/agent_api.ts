/** The agent's local API as the replay uses it: again and again while nobody answers, for a limited time. */

/** What became of one frame of a post. */
export interface FrameResult {
  readonly epoch?: string;
  readonly seq?: number;
  /** A status of 500 or more: the frame was good and may be taken later. */
  readonly error?: { readonly status: number; readonly code: string; readonly detail: string };
}

/** The part of `GET /v1/status` that matters here. */
export interface StatusAnswer {
  readonly vehicle_id: string;
  readonly boot: string;
  /** Per epoch and class that has records without a verdict: the lowest such seq, and how many. */
  readonly unsettled: readonly { epoch: string; class: string; first: number; records: number }[];
  /** When the last verdict came; ms since 1970. */
  readonly last_verdict_at_ms: number | null;
  /** Records since the agent's start that will never be in the store. */
  readonly gone: { readonly lost: number; readonly quarantined: number };
}

const retryIntervalMs = 100;

/** One agent. */
export class AgentApi {
  readonly #url: string;
  readonly #patienceMs: number;

  /** `patienceMs`: how long an agent may be away or take nothing before it is given up. */
  constructor(url: string, { patienceMs }: { patienceMs: number }) {
    this.#url = url;
    this.#patienceMs = patienceMs;
  }

  async status(): Promise<StatusAnswer> {
    return JSON.parse(await this.#ask("/v1/status", {}));
  }

  /** Posts lines; resolves to one result for each. Lines whose answer was lost are sent again: they then are in the ring twice. */
  async post(lines: readonly string[]): Promise<readonly FrameResult[]> {
    const headers = { "content-type": "application/x-ndjson" };
    const { results } = JSON.parse(await this.#ask("/v1/log", { method: "POST", headers, body: lines.join("\n") }));
    return results;
  }

  async #ask(path: string, init: RequestInit): Promise<string> {
    const untilMs = performance.now() + this.#patienceMs;
    while (true) {
      const answer = await ask(`${this.#url}${path}`, init);
      if (typeof answer === "string") return answer;
      if (performance.now() > untilMs) throw answer;
      await new Promise((resolve) => setTimeout(resolve, retryIntervalMs));
    }
  }
}

/** The answer's body, or the reason to ask again. Throws what will not change. */
async function ask(url: string, init: RequestInit): Promise<string | Error> {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    // With results it is an answer about each frame, whatever its status.
    if (response.ok || text.includes('"results"')) return text;
    const error = new Error(`Cannot ask the agent: ${response.status} ${text.slice(0, 300)}`);
    if (response.status >= 500) return error;
    throw error;
  } catch (error) {
    // Nobody listens, or the process died in the middle of its answer.
    if (error instanceof TypeError) return error;
    throw error;
  }
}
