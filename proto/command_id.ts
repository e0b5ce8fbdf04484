/** Ids of commands: UUID version 7 (RFC 9562), so that they sort by the time at which they were given. */
import { Fault } from "./errors.ts";
import { quote } from "./quote.ts";

declare const brand: unique symbol;
/** The id of a command. */
export type CommandId = string & { readonly [brand]: "CommandId" };

/** What an id looks like. */
export const commandIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Random bytes of an id. */
export const commandIdRandomBytes = 10;

/** Makes an id of a time, ms since 1970, and {@link commandIdRandomBytes} random bytes. */
export function makeCommandId(nowMs: number, random: Uint8Array): CommandId {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(nowMs / 2 ** 32));
  view.setUint32(2, nowMs % 2 ** 32);
  bytes.set(random.subarray(0, commandIdRandomBytes), 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toHex();
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join("-") as CommandId;
}

/** Parses an id; throws `bad_request`. */
export function parseCommandId(text: unknown): CommandId {
  if (typeof text === "string" && commandIdPattern.test(text)) return text as CommandId;
  throw new Fault("bad_request", `Cannot take ${quote(text)} as command id: wanted a UUID of version 7`);
}
