/** ETags of registrations, and what If-Match says about them (RFC 9110, 13.1.1). */
import { Fault } from "#proto/errors.ts";
import type { Precondition } from "./registry.ts";

/** The ETag of a revision. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** The revisions that a header allows; none is no condition. Tags that are none of ours match nothing. */
export function preconditionOf(header: string | undefined): Precondition | undefined {
  const text = header?.trim();
  if (text === undefined || text === "") return undefined;
  if (text === "*") return "any";
  return text.split(",").map((tag) => Number(/^"([1-9][0-9]{0,15})"$/.exec(tag.trim())?.[1] ?? NaN));
}

/** The same where a condition is wanted; throws `precondition_required`. */
export function demandPrecondition(header: string | undefined): Precondition {
  const found = preconditionOf(header);
  if (found !== undefined) return found;
  throw new Fault("precondition_required", "Cannot change without If-Match: wanted the ETag that was read, or *");
}
