import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { frameKinds } from "./frame.ts";
import { decodeMessage, encodeMessage, messageBytes, type MessageKind, messageSchemas } from "./link_message.ts";
import { frameOf } from "./testing/login.ts";

Deno.test("every message goes into a frame of its kind and comes back", () => {
  for (const kind of Object.keys(messageSchemas) as MessageKind[]) {
    const frame = frameOf(encodeMessage(kind, {}));
    strictEqual(frame.kind, frameKinds[kind]);
    strictEqual(frame.lane, "control");
    strictEqual(decodeMessage(kind, frame.payload).$typeName, messageSchemas[kind].typeName);
  }
});

Deno.test("lane and flag are set as asked", () => {
  const frame = frameOf(
    encodeMessage("shapeUse", { hash: new Uint8Array(16) }, { lane: "live", mustUnderstand: true }),
  );
  strictEqual(frame.lane, "live");
  strictEqual(frame.flags, 1);
});

Deno.test("a decoded message shares no bytes with its frame", () => {
  const payload = messageBytes("shapeUse", { hash: new Uint8Array([1, 2, 3]) });
  const { hash } = decodeMessage("shapeUse", payload);
  payload.fill(0xee);
  deepStrictEqual(hash, new Uint8Array([1, 2, 3]));
});

Deno.test("what is no message is a fault with a code", () => {
  throws(() => decodeMessage("ping", new Uint8Array([0x0a])), { code: "bad_message" });
});
