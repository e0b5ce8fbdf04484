/** Stops a script under a Deno that is too old, with words. Scripts import this before anything else. */
import { versionFault } from "./check_deno/deno_version.ts";

const fault = versionFault(Deno.version.deno);
if (fault !== undefined) console.error(fault.message);
if (fault?.isFatal) Deno.exit(1);
