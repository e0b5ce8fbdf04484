import { equal, notEqual } from "node:assert/strict";
import { sessionIdBytes, sessionIdOf } from "./session_id.ts";

Deno.test("the id of a secret never changes, and tells nothing of it", () => {
  const secret = Uint8Array.from({ length: sessionIdBytes }, (_, at) => at);
  equal(sessionIdOf(secret).toHex(), "9bfb7ff1108fe58fa578081ad6cd1f63");
  equal(sessionIdOf(secret).byteLength, sessionIdBytes);
  notEqual(sessionIdOf(secret).toHex(), sessionIdOf(secret.with(0, 1)).toHex());
});
