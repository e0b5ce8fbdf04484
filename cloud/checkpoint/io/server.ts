/** CHECKPOINT of a QuestDB 9.3 over its HTTP `/exec`. Source: its manual, and what it was seen to answer. */
import { asFault, Fault } from "#proto/errors.ts";
import { createTimeoutMs } from "../limits.ts";
import type { CheckpointServer } from "../ports.ts";

/** Of the refusal when one is held already. */
const heldText = "Waiting for CHECKPOINT RELEASE";

/** Speaks to the server at `url`, such as `http://127.0.0.1:9000`, with that Authorization header if it wants one. */
export function checkpointServer(url: string, authorization?: string): CheckpointServer {
  return {
    startedAt: async () => {
      const { dataset } = await exec("SELECT started_at FROM checkpoint_status() WHERE in_progress");
      return dataset?.[0]?.[0];
    },
    create: async () => {
      const { error } = await exec("CHECKPOINT CREATE", [heldText]);
      return error === undefined;
    },
    release: async () => {
      await exec("CHECKPOINT RELEASE");
    },
  };

  async function exec(query: string, expected: readonly string[] = []): Promise<Answer> {
    const answer = await ask(query);
    const { error } = answer;
    if (error === undefined || expected.some((text) => error.includes(text))) return answer;
    throw new Fault("store_failed", `Cannot run ${query}: ${error}`);
  }

  async function ask(query: string): Promise<Answer> {
    try {
      const response = await fetch(new URL(`/exec?${new URLSearchParams({ query })}`, url), {
        headers: authorization === undefined ? {} : { authorization },
        signal: AbortSignal.timeout(createTimeoutMs),
      });
      return await response.json();
    } catch (thrown) {
      throw asFault(thrown, "store_failed");
    }
  }
}

interface Answer {
  readonly dataset?: readonly (readonly string[])[];
  readonly error?: string;
}
