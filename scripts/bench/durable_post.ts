/** One post to an agent that may not be there yet. */
import type { LeanClient } from "./lean_client.ts";

/** Where an agent takes frames. */
export const logPath = "/v1/log";

/** When the post was begun, if it was answered durable; undefined when nobody listens, or when the answer is another one. */
export async function begunIfDurable(client: Pick<LeanClient, "post">, json: string): Promise<number | undefined> {
  const begunMs = performance.now();
  try {
    const { text } = await client.post(logPath, json);
    return text.includes('"durable"') ? begunMs : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}
