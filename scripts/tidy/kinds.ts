/** What kind of file a path names; rules differ by it. */

/**
 * - `shipped`: runs in production
 * - `script`: programs for people, below `scripts/`
 * - `support`: what tests share: suites, folders named `testing`, and what stands beside end-to-end tests
 * - `test`: tests, fuzz tests and benches
 * - `generated`: made from schemas, never edited
 */
export type Kind = "shipped" | "script" | "support" | "test" | "generated";

/** See {@link Kind}. */
export function kindOf(path: string): Kind {
  if (/(^|\/)gen\//.test(path)) return "generated";
  if (/_(test|bench)\.tsx?$/.test(path)) return "test";
  if (/(^|\/)testing\//.test(path) || /_suite\.ts$/.test(path) || path.startsWith("scripts/e2e/")) return "support";
  return path.startsWith("scripts/") ? "script" : "shipped";
}

/** Whether the file's place or name allows it to touch the world. */
export function mayTouchWorld(path: string): boolean {
  return /(^|\/)io\//.test(path) || isProgram(path) || kindOf(path) !== "shipped";
}

/** Whether the file is started, not imported: a composition root. */
export function isProgram(path: string): boolean {
  return /(^|\/)(main|worker|shard)\.ts$/.test(path) || /^scripts\/[a-z0-9_]+\.ts$/.test(path);
}

/** The top folder: `proto`, `edge`, `relay`, `cloud` or `scripts`. */
export function memberOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}
