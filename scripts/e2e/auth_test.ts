/** Keys and roles on a whole system: what a key may do it may do everywhere, and the moment it is revoked nothing anywhere. */
import { deepStrictEqual as equal, match, ok, strictEqual } from "node:assert/strict";
import { auditScenarios } from "#cloud/lib/audit/audit_suite.ts";
import { openAudit } from "#cloud/lib/audit/io/stream_audit.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";

/** Effective everywhere within a second, of which the machine may take its part. */
const revokedWithinMs = 1_000;

Deno.test("an audit log in a stream does what all do, and nobody but an admin of NATS can take anything out", async (t) => {
  const pair = await startNatsPair();
  const [nats, admin] = await Promise.all([pair.connectAuth(), pair.connectAdmin()]);
  try {
    for (const [name, run] of Object.entries(auditScenarios)) {
      await t.step(name, async () => {
        await admin.request("$JS.API.STREAM.DELETE.AUDIT");
        await run(await openAudit(nats, { replicas: 1 }));
      });
    }
    const message = JSON.stringify({ seq: 1, no_erase: true });
    const answer = await admin.request("$JS.API.STREAM.MSG.DELETE.AUDIT", message);
    ok(answer.json<{ error?: unknown }>().error !== undefined, answer.string());
  } finally {
    await Promise.all([nats.close(), admin.close()]);
    await pair.stop();
  }
});

function operatorOf({ layout: { ports }, running }: TestSystem) {
  return async (port: keyof typeof ports, path: string, { token = running.token, method = "GET", body }: {
    token?: string;
    method?: string;
    body?: unknown;
  } = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`http://127.0.0.1:${ports[port]}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
}

Deno.test("a key is limited to its role and groups everywhere, and dead everywhere once it is revoked", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const ask = operatorOf(system);
    for (const [id, group] of [["drone-001", "north"], ["drone-002", "south"]]) {
      const body = { vehicle_id: id, type: "rover", name: id, groups: [group] };
      strictEqual((await ask("fleet", "/v1/vehicles", { method: "POST", body })).status, 201);
    }
    const wish = { name: "North", role: "operator", groups: ["north"], reason: "shift" };
    const { id, key: token } = (await ask("auth", "/v1/api-keys", { method: "POST", body: wish })).body;
    const command = (vehicle: string, type = "hold") =>
      ask("commands", "/v1/commands", { token, method: "POST", body: { vehicle_id: vehicle, type } });
    await waitFor("the key and the groups to be known", async () => {
      const { status } = await command("drone-001");
      return status === 200 || undefined;
    }, patience);
    const statuses = async (asked: readonly Promise<{ status: number }>[]) =>
      (await Promise.all(asked)).map(({ status }) => status);
    equal(
      await statuses([
        command("drone-002"),
        ask("fleet", "/v1/vehicles/drone-001", { token }),
        ask("fleet", "/v1/vehicles/drone-002", { token }),
        ask("fleet", "/v1/vehicles/drone-001", { token, method: "DELETE" }),
        ask("query", "/v1/vehicles/drone-001/latest", { token }),
        ask("query", "/v1/vehicles/drone-002/latest", { token }),
        ask("query", "/v1/completeness", { token }),
        ask("auth", "/v1/api-keys", { token }),
      ]),
      [403, 200, 403, 403, 200, 403, 403, 403],
    );
    const seen = (await ask("fleet", "/v1/vehicles", { token })).body.vehicles;
    equal(seen.map(({ vehicle_id: vehicle }: { vehicle_id: string }) => vehicle), ["drone-001"]);

    const ofGroup = { group: "south", type: "hold" };
    equal((await ask("commands", "/v1/group-commands", { token, method: "POST", body: ofGroup })).status, 404);
    const { command_id: watched } = (await command("drone-001")).body;
    const events = await fetch(`http://127.0.0.1:${system.layout.ports.commands}/v1/commands/${watched}/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await ask("auth", `/v1/api-keys/${id}`, { method: "DELETE" });
    const revokedMs = performance.now();
    // Ends by itself: whoever watched is told why.
    match(await events.text(), /event: command\n[^]*\nevent: error\ndata: .*"code":"unauthorized"/);
    const endedMs = performance.now() - revokedMs;
    ok(endedMs < revokedWithinMs, `a stream went on for ${endedMs} ms`);
    await waitFor("the key to be dead everywhere", async () => {
      const asked = [
        ask("auth", "/v1/whoami", { token }),
        ask("fleet", "/v1/vehicles", { token }),
        ask("query", "/v1/streams", { token }),
        ask("commands", "/v1/commands", { token }),
      ];
      return (await statuses(asked)).every((status) => status === 401) || undefined;
    }, patience);
    const tookMs = performance.now() - revokedMs;
    console.log(`  a revoked key is refused by all services after ${Math.round(tookMs)} ms`);
    ok(tookMs < revokedWithinMs, `${tookMs} ms`);

    const { entries } = (await ask("auth", "/v1/audit")).body;
    const facts = entries.map(({ where, what, outcome }: Record<string, unknown>) => `${where} ${what} ${outcome}`);
    for (
      const fact of ["fleet POST /v1/vehicles 201", "auth POST /v1/api-keys 201", "commands POST /v1/commands 403"]
    ) {
      ok(facts.includes(fact), facts.join("\n"));
    }
    equal((await ask("auth", "/v1/audit/verify")).body.good, true);
  });
});
