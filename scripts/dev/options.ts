/** The command line of `deno task dev`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CaKind, StoreKind } from "./layout.ts";

/** What was asked for. */
export interface DevOptions {
  readonly vehicles: number;
  readonly simulate: boolean;
  readonly store: StoreKind;
  readonly ca: CaKind;
  readonly state: string;
}

/** Vehicles that one machine can carry, an agent and a simulation each. */
const vehiclesMax = 50;

const usage = `deno task dev [options]

  --vehicles N             simulated vehicles, 1 to ${vehiclesMax} (1)
  --no-sim                 agents only, without simulated vehicles
  --store sqlite|questdb   where telemetry is kept (sqlite)
  --ca development|step-ca who certifies relay and vehicles (development)
  --state DIR              state, certificates and logs (.dev)
  --help                   this text`;

/** Parses; returns text for people instead when the line is wrong or asks for help. */
export function parseDevOptions(args: readonly string[]): DevOptions | { readonly problem: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        vehicles: { type: "string", default: "1" },
        "no-sim": { type: "boolean", default: false },
        store: { type: "string", default: "sqlite" },
        ca: { type: "string", default: "development" },
        state: { type: "string", default: ".dev" },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problem: `${error.message}\n\n${usage}` };
  }
  if (values.help) return { problem: usage };
  const vehicles = Number(values.vehicles);
  if (!Number.isInteger(vehicles) || vehicles < 1 || vehicles > vehiclesMax) {
    return { problem: `Cannot take --vehicles "${values.vehicles}": wanted 1 to ${vehiclesMax}\n\n${usage}` };
  }
  if (values.store !== "sqlite" && values.store !== "questdb") {
    return { problem: `Cannot take --store "${values.store}": wanted sqlite or questdb\n\n${usage}` };
  }
  if (values.ca !== "development" && values.ca !== "step-ca") {
    return { problem: `Cannot take --ca "${values.ca}": wanted development or step-ca\n\n${usage}` };
  }
  const { store, ca } = values;
  return { vehicles, simulate: !values["no-sim"], store, ca, state: resolve(values.state) };
}
