/** Takes the roots that come with the runtime out of use. Source: platform.md, QUIC. */

/**
 * Leaves only what each dial names as trusted. Call it first thing in `main.ts`, before any TLS. Throws `bad_config`
 * when the built-in roots are still there: the agent must not start then.
 */
export function dropBuiltInRoots(): void {
  throw new Error("to be written");
}
