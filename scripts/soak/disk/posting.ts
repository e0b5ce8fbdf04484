/** Posts single frames to an agent at a steady rate, whatever becomes of them, and keeps what was answered. */
import type { Answer, Phase } from "./answers.ts";

const postsPerSecond = 60;
const textBytes = 3_000;
/** A post that is not answered by then never is. */
const answerTimeoutMs = 10_000;

/** The stream of the frames; each carries its number as `n`. */
export const diskStream = "disk";

/** See the head of this file. */
export class Posting {
  /** Numbers of frames that were answered `durable`. */
  readonly durable = new Set<number>();
  readonly #url: string;
  #number = 0;

  constructor(agentUrl: string) {
    this.#url = `${agentUrl}/v1/log`;
  }

  /** Posts for so long, and waits for the answers. */
  async runPhase(name: string, { seconds, isWell }: { seconds: number; isWell: boolean }): Promise<Phase> {
    const begin = performance.now();
    const pending: Promise<Answer>[] = [];
    for (let sent = 0; sent < seconds * postsPerSecond; sent++) {
      const dueMs = sent * 1000 / postsPerSecond;
      const waitMs = Math.max(0, dueMs - (performance.now() - begin));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      pending.push(this.#post(performance.now() - begin));
    }
    return { name, isWell, answers: await Promise.all(pending) };
  }

  async #post(sentMs: number): Promise<Answer> {
    const number = ++this.#number;
    const body = JSON.stringify({ stream: diskStream, data: { n: number, text: "x".repeat(textBytes) } });
    const begin = performance.now();
    const outcome = await post(this.#url, body);
    if (outcome === "durable") this.durable.add(number);
    return { sentMs, tookMs: performance.now() - begin, outcome };
  }
}

async function post(url: string, body: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(answerTimeoutMs) });
    const { state, code } = await response.json() as { state?: string; code?: string };
    return state ?? code ?? `status ${response.status}`;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return "no answer";
    throw error;
  }
}
