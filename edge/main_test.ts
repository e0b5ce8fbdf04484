import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeAuthority } from "#proto/testing/certificates.ts";
import facts from "./deno.json" with { type: "json" };
import { stopMsMax } from "./limits.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const text = new TextDecoder();
// A process that has to download a package has read the built-in roots, and then the agent must not start.
await new Deno.Command(Deno.execPath(), { args: ["cache", "--quiet", main] }).output();

function command(args: readonly string[], config?: string): Deno.Command {
  const env: Record<string, string> = config === undefined ? {} : { SYSTEMSCALE_CONFIG: config };
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, ...args],
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

/** A folder with certificate, key and configuration of a vehicle whose relay is away; certified at a time. */
async function makeFolder(nowMs = Date.now()): Promise<{ folder: string; config: string }> {
  const folder = await Deno.makeTempDir({ prefix: "agent main " });
  const validity = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
  const authority = await makeAuthority("test", validity);
  const leaf = await authority.issueVehicle("drone-001", validity);
  const config = `${folder}/agent.yaml`;
  await Deno.writeTextFile(`${folder}/vehicle.crt`, leaf.chainPem);
  await Deno.writeTextFile(`${folder}/vehicle.key`, leaf.keyPem);
  await Deno.writeTextFile(`${folder}/relay.crt`, authority.relayIssuer.certPem);
  await Deno.writeTextFile(
    config,
    `vehicle_id: drone-001
certificate: vehicle.crt
key: vehicle.key
roots: [relay.crt]
relay: { addresses: ["127.0.0.1:9"] }
ring: { path: ring, bytes: 16MiB }
sdk: { address: "127.0.0.1:0" }
`,
  );
  return { folder, config };
}

/** The local API's port, from the line that the agent logs when it runs. */
async function portOf(agent: Deno.ChildProcess): Promise<number> {
  let said = "";
  for await (const chunk of agent.stderr) {
    said += text.decode(chunk);
    const port = /"port":(\d+)/.exec(said);
    if (port !== null) return Number(port[1]);
  }
  throw new Error(`Agent does not run: ${said}`);
}

Deno.test("clock-floor leaves a clock that is right, and would lift one behind the certificate", async () => {
  for (
    const [certifiedMs, wanted] of [
      [Date.now(), /^clock-floor: \S+ is not behind\n$/],
      [Date.UTC(2200, 0, 1, 1), /^clock-floor: \S+ would be lifted to 2200-01-01T00:00:00.000Z, by the certificate\n$/],
    ] as const
  ) {
    const { folder, config } = await makeFolder(certifiedMs);
    // Only ever dry: the clock of this machine is not a test's to set.
    const { code, stdout, stderr } = await command(["clock-floor", "--dry-run"], config).output();
    equal(code, 0, text.decode(stderr));
    match(text.decode(stdout), wanted);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("renew wants a CA in its configuration, and leaves a certificate alone that is not due", async () => {
  const { folder, config } = await makeFolder();
  try {
    const without = await command(["renew"], config).output();
    deepEqual([without.code, text.decode(without.stderr)], [78, "Cannot renew: the configuration has no renewal\n"]);
    const renewal = "renewal: { ca_url: 'https://localhost:9', ca_root: relay.crt, step: /nowhere/step }\n";
    await Deno.writeTextFile(config, await Deno.readTextFile(config) + renewal);
    const { code, stdout } = await command(["renew"], config).output();
    equal(code, 0);
    match(text.decode(stdout), /^renew: not due: it ends in 0\.0 days, due \S+Z\n$/);
    const forced = await command(["renew", "--force"], config).output();
    equal(forced.code, 78);
    match(text.decode(forced.stderr), /Cannot run "\/nowhere\/step"/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a command that there is not is refused", async () => {
  const { code, stderr } = await command(["clock-flour"]).output();
  equal(code, 78);
  match(text.decode(stderr), /Cannot run "clock-flour"/);
});

Deno.test("the agent tells its version", async () => {
  const { code, stdout } = await command(["--version"]).output();
  deepEqual([code, text.decode(stdout)], [0, `systemscale-agent ${facts.version}\n`]);
});

Deno.test("the agent checks its configuration and names every fault", async () => {
  const { folder, config } = await makeFolder();
  try {
    equal((await command(["--check-config"], config).output()).code, 0);
    const good = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, good.replace("drone-001", "dröhne").replace("ring:", "rong:"));
    const { code, stderr } = await command(["--check-config"], config).output();
    equal(code, 78);
    match(text.decode(stderr), /:1:\d+: \/vehicle_id/);
    match(text.decode(stderr), /rong/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without a link posts are durable, and a stop by signal ends in good order and in time", async () => {
  const { folder, config } = await makeFolder();
  const agent = command([], config).spawn();
  try {
    const url = `http://127.0.0.1:${await portOf(agent)}`;
    const body = JSON.stringify({ data: { test: 1, altitude_m: 100.0 }, stream: "telemetry" });
    const posted = await fetch(`${url}/v1/log`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    const { state, seq } = await posted.json();
    deepEqual([posted.status, seq], [200, 1]);
    // A machine that is busy may take longer than the agent waits for its disk.
    ok(state === "durable" || state === "buffered", `answered ${state}`);
    const health = await fetch(`${url}/healthz`);
    match(await health.text(), /^not linked/);
    equal(health.status, 503);
    const beganMs = performance.now();
    agent.kill("SIGTERM");
    equal((await agent.status).code, 0);
    ok(performance.now() - beganMs < stopMsMax);
  } finally {
    await agent.stdout.cancel();
    await Deno.remove(folder, { recursive: true });
  }
});
