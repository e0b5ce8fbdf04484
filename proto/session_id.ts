/**
 * A session's id and the secret that it is made of. The id stands in proofs, presence and verdicts, for everybody to see;
 * the secret is known to the relay that carries the session and to those who read the log, and shows of what a relay
 * brings that it is from the one that logged the vehicle in.
 */
import { createHash } from "node:crypto";

/** Length of both. */
export const sessionIdBytes = 16;

const contextText = new TextEncoder().encode("SystemScale session id\0");

/** The id that belongs to a secret: the first 16 bytes of SHA-256 over a context string and the secret. */
export function sessionIdOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(contextText).update(secret).digest().subarray(0, sessionIdBytes));
}
