/**
 * Close codes of links. Good order closes with 0; any other end carries the place of its code in the closed list (from
 * 1) as number and the code's name as reason. The name decides, so that a list that has grown still reads right.
 */
import { type Code, codes, isCode } from "./errors.ts";
import type { LinkEnd } from "./ports.ts";

const codeNames = Object.keys(codes);

/** What to give {@link Link.close}: for a code, or for good order without one. */
export function closeOf(code?: Code): { code: number; reason: string } {
  if (code === undefined) return { code: 0, reason: "" };
  return { code: codeNames.indexOf(code) + 1, reason: code };
}

/** The code that a link ended with; undefined for good order; `link_dead` when network or peer named none of ours. */
export function codeOfEnd(end: LinkEnd): Code | undefined {
  if (isCode(end.reason)) return end.reason;
  return end.code === 0 && end.by !== "network" ? undefined : "link_dead";
}
