/** Which boot of the machine this is. */

/**
 * The kernel's own name of it. Where there is none, another one each time: then every start goes back to the checkpoint, which
 * is harmless.
 */
export async function bootOfMachine(): Promise<string> {
  try {
    return (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return crypto.randomUUID();
    throw error;
  }
}
