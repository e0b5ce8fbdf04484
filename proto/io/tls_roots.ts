/** Takes the roots that come with the runtime out of use. Source: platform.md, QUIC. */
import { Fault } from "../errors.ts";

const storeVariable = "DENO_TLS_CA_STORE";
/** Files of further roots that the runtime would read. */
const extraVariables = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"] as const;
/** No such store: the runtime complains if it reads the variable, and stays silent if it has its roots already. */
const probeStore = "none-such";

/**
 * Leaves only what each dial names as trusted. Call it first thing in `main.ts`, before any TLS. Throws `bad_config`
 * when the built-in roots are in use already: the agent must not start then. Needs permission for the environment.
 *
 * The runtime reads its roots once, at first need. So it is made to read a store that does not exist, which must fail,
 * and then an empty one, which stays. Roots given on its own command line (`--cert`) cannot be seen from here.
 */
export function dropBuiltInRoots(): void {
  for (const name of extraVariables) Deno.env.delete(name);
  Deno.env.set(storeVariable, probeStore);
  const read = readsRoots();
  Deno.env.set(storeVariable, "");
  if (read) throw new Fault("bad_config", "Cannot drop the built-in TLS roots: they were read before");
  if (!readsRoots()) throw new Fault("bad_config", "Cannot drop the built-in TLS roots: no empty store could be made");
}

/** Whether a TLS client can be made, for which the roots are needed. */
function readsRoots(): boolean {
  try {
    Deno.createHttpClient({}).close();
    return true;
  } catch {
    return false;
  }
}
