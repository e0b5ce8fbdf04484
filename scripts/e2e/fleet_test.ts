/** The guide's step 8 on a whole system, and what an operator then sees of a vehicle that comes, falls silent and goes. */
import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { AgentApi } from "../replay/agent_api.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

interface View {
  readonly presence: { readonly state: string; readonly reason: string };
  readonly last_end: { readonly code: string } | null;
  readonly [member: string]: unknown;
}

function fleetOf({ layout, running }: TestSystem) {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${layout.ports.fleet}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${running.token}`, "content-type": "application/json", ...init.headers },
    });
  const json = async <T>(path: string): Promise<T> => {
    const response = await ask(path);
    strictEqual(response.status, 200, path);
    return await response.json();
  };
  const untilState = (vehicle: string, wanted: string) =>
    waitFor(`${vehicle} to be ${wanted}`, async () => {
      const view = await json<View>(`/v1/vehicles/${vehicle}`).catch(() => undefined);
      return view?.presence.state === wanted ? view : undefined;
    }, patience);
  return { ask, json, untilState };
}

/** The guide's request, byte for byte but for the host. */
const guideBody = `{
    "vehicle_id": "drone-001",
    "type": "fixed-wing",
    "name": "Survey Alpha"
  }`;

Deno.test("a vehicle waits for its registration, is registered as the guide shows, and its presence tells the truth", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const { ask, json, untilState } = fleetOf(system);
    const agent = new AgentApi(system.agentUrl(), { patienceMs: 5_000 });
    const waiting = await untilState("drone-001", "awaiting_registration");
    strictEqual(waiting.registered, false);
    const listed = await json<{ vehicles: unknown[] }>("/v1/vehicles?state=awaiting_registration");
    strictEqual(listed.vehicles.length, 1);

    const post = () => ask("/v1/vehicles", { method: "POST", body: guideBody });
    equal([(await post()).status, (await post()).status], [201, 200]);
    await agent.post([JSON.stringify({ data: { test: 1 } })]);
    await untilState("drone-001", "online");
    await waitFor("the relay's word on the link", async () => {
      const { link, certificate } = await json<Record<string, Record<string, number>>>("/v1/vehicles/drone-001");
      return link.rtt_ms > 0 && link.frames > 0 && certificate.days_left > 0 || undefined;
    }, patience);
    await waitFor("nothing to explain", async () => {
      const { cause } = await json<{ cause: { check: string } | null }>("/v1/vehicles/drone-001/explain");
      return cause === null ? true : undefined;
    }, patience);

    system.running.keeper.signal("agent-drone-001", "SIGSTOP");
    const gone = await untilState("drone-001", "offline");
    strictEqual(gone.presence.reason, "link_dead");
    // Another run of the service knows it too.
    system.running.keeper.signal("cloud", "SIGKILL");
    const again = await untilState("drone-001", "offline");
    equal([again.last_end?.code, again.name], ["link_dead", "Survey Alpha"]);
    system.running.keeper.signal("agent-drone-001", "SIGCONT");
    await agent.post([JSON.stringify({ data: { test: 2 } })]);
    await untilState("drone-001", "online");
  });
});
