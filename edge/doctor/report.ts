/** The findings as a text for people, and as JSON for programs. */
import { causeOf, type Finding } from "./finding.ts";

const marks: Readonly<Record<Finding["state"], string>> = { good: "ok  ", warning: "WARN", bad: "BAD " };

/** Lines for a terminal, the cause last: there it is seen first. */
export function reportText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, state, says, advice }) => [
    `${marks[state]}  ${check.padEnd(17)}  ${says}`,
    ...(advice === undefined ? [] : [`${" ".repeat(25)}-> ${advice}`]),
  ]);
  const cause = causeOf(findings);
  const warned = findings.some(({ state }) => state === "warning");
  const verdict = cause !== undefined
    ? `The cause: ${cause.cause} (${cause.check}).`
    : warned
    ? "Nothing keeps this vehicle from the cloud; see the warnings."
    : "All is well.";
  return [...lines, "", verdict].join("\n");
}

/** One JSON object: `cause` is the finding that explains the others, null when nothing is bad. */
export function reportJson(vehicle: string | undefined, findings: readonly Finding[]): string {
  return JSON.stringify({ vehicle_id: vehicle ?? null, cause: causeOf(findings) ?? null, findings }, undefined, 2);
}
