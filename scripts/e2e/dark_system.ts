/** A system whose relay comes later: until then its vehicle has no link. */
import { writeConfigs } from "../dev/configs.ts";
import { type Keeper, keepUnits } from "../dev/keeper.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { type Unit, unitsOf } from "../dev/units.ts";
import type { DarkSystem } from "../soak/dark_round.ts";
import { freeLayout, questioned } from "./harness.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";

/** From the relay's start to the vehicle's link. */
const linkTimeoutMs = 60_000;

/** Runs `work` with the system, SQLite as store, and the means to start the relay; leaves nothing behind. */
export async function withDarkSystem(
  options: { readonly ringMebibytes?: number },
  work: (dark: DarkSystem) => Promise<void>,
): Promise<void> {
  const layout = { ...await freeLayout({ store: "sqlite" }), ...options };
  const passwords = await ensureSecrets(layout.state);
  await writeConfigs(layout, passwords);
  const units = unitsOf(layout, { natsServer: await obtainNatsServer(() => {}), passwords });
  const keepers: Keeper[] = [];
  const keep = async (...names: string[]) => {
    const wanted = units.filter(({ plan }) => names.includes(plan.name)).map(readyWhenUp);
    keepers.push(await keepUnits(wanted, { say: () => {} }));
  };
  try {
    await keep(`agent-${layout.vehicles[0]}`);
    await keep("hub", "leaf", "cloud");
    const token = await Deno.readTextFile(`${layout.state}/operator.token`);
    const system = questioned(layout, { running: { keeper: keepers[1], units, token }, said: [] });
    const startRelay = async () => {
      await keep("relay");
      await waitFor("the link", () => tryFetch(`${system.agentUrl()}/healthz`), { timeoutMs: linkTimeoutMs });
    };
    await work({ system, startRelay });
  } finally {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await Deno.remove(layout.state, { recursive: true });
  }
}

/** An agent without a link is not healthy, but it is up. */
function readyWhenUp(unit: Unit): Unit {
  if (!unit.plan.name.startsWith("agent-")) return unit;
  return { ...unit, ready: async () => await tryFetch(`${unit.where}/v1/status`) !== undefined };
}
