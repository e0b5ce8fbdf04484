/**
 * The round trip of a command on an idle system, beside a bare request and its answer over the same NATS servers.
 *
 *     deno task bench commands [--count N] [--rounds N]
 *
 * A command: from the operator's POST with `wait_ms` to its answer `succeeded`. On the way it is written to two buckets
 * twice each, to the vehicle's journal three times, and signed and checked four times; NATS alone carries one message there
 * and one back. Both by turns in each round, one after another.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import { parseArgs } from "node:util";
import { connectNats } from "#proto/io/nats.ts";
import { vehicleClient } from "#edge/sdk/io/client.ts";
import { pathsOf } from "../dev/layout.ts";
import type { TestSystem } from "../e2e/harness.ts";
import { waitFor } from "../servers/wait.ts";
import { serverVersions, withBenchSystem } from "./bench_system.ts";
import { machineText, runtimeText } from "./machine.ts";
import { countOf } from "./options.ts";
import { percentilesOf, percentilesText, spreadText } from "./percentiles.ts";

/** Goal: no more than so many times NATS alone. */
const ratioGoal = 4;

const { values } = parseArgs({
  options: { count: { type: "string", default: "200" }, rounds: { type: "string", default: "5" } },
});
const [count, rounds] = [values.count, values.rounds].map(countOf);

await withBenchSystem("sqlite", async (system) => {
  console.log(`${machineText()}\n${runtimeText()}, ${await serverVersions(system)}`);
  const over = new AbortController();
  const software = vehicleClient({ agentUrl: system.agentUrl(), name: "bench" }).takeCommands({
    onCommand: () => Promise.resolve({ state: "succeeded" }),
  }, over.signal);
  const command = await commander(system);
  const [asking, answering] = await Promise.all([connectTo(system, "leaf"), connectTo(system, "hub")]);
  answering.subscribe("probe.v1.echo", { callback: (_error, message) => void message.respond(message.data) });
  await answering.flush();
  const echo = async () => {
    await asking.request("probe.v1.echo", "{}", { timeout: 5_000 });
  };
  await waitFor("the echo", () => echo().then(() => true, () => undefined), { timeoutMs: 20_000 });
  await timesOf(command, 20);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const [bare, whole] = [percentilesOf(await timesOf(echo, count)), percentilesOf(await timesOf(command, count))];
    ratios.push(whole.p50 / bare.p50);
    console.log(`round ${round}: NATS alone ${percentilesText(bare)}`);
    console.log(`         a command  ${percentilesText(whole)}`);
  }
  console.log(`p50 of a command, in those of NATS alone: ${spreadText(ratios, 1)}, wanted at most ${ratioGoal}`);
  over.abort();
  await software;
  await Promise.all([asking.close(), answering.close()]);
});
Deno.exit(0);

async function timesOf(work: () => Promise<void>, times: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < times; at++) {
    const beganMs = performance.now();
    await work();
    tookMs.push(performance.now() - beganMs);
  }
  return tookMs;
}

async function connectTo({ layout: { ports, state } }: TestSystem, server: "hub" | "leaf"): Promise<NatsConnection> {
  const passwords = JSON.parse(await Deno.readTextFile(pathsOf(state).secrets));
  const user = server === "hub" ? "admin" : "relay";
  const inboxPrefix = server === "hub" ? "_INBOX_admin" : "_INBOX_relay.bench";
  return await connectNats({
    ...{ servers: [`127.0.0.1:${ports[server]}`], user, password: passwords[user], name: "bench", inboxPrefix },
  });
}

/** Registers the vehicle, and gives what commands it once and waits for the outcome. */
async function commander({ layout: { ports }, running: { token } }: TestSystem): Promise<() => Promise<void>> {
  const ask = async (port: number, path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return await (await fetch(`http://127.0.0.1:${port}${path}`, init)).json();
  };
  await ask(ports.fleet, "/v1/vehicles", { vehicle_id: "drone-001", type: "rover", name: "Bench" });
  const once = async () => {
    const { state } = await ask(ports.commands, "/v1/commands", {
      vehicle_id: "drone-001",
      type: "ping",
      wait_ms: 5_000,
    });
    if (state !== "succeeded") throw new Error(`The command ended as ${state}`);
  };
  await waitFor("a command to get through", () => once().then(() => true, () => undefined), { timeoutMs: 20_000 });
  return once;
}
