/** What the bench of commands times: a command to a vehicle, and a bare request over the same NATS servers. */
import type { NatsConnection } from "@nats-io/transport-node";
import { connectNats } from "#proto/io/nats.ts";
import { vehicleClient } from "#edge/sdk/io/client.ts";
import { pathsOf } from "../dev/layout.ts";
import type { TestSystem } from "../e2e/harness.ts";
import { waitFor } from "../servers/wait.ts";

/** Both, ready to be timed. */
export interface CommandRound {
  /** One command, until its answer says that it succeeded. */
  command(): Promise<void>;
  /** One message from the leaf to the hub and back. */
  echo(): Promise<void>;
  close(): Promise<void>;
}

/** Attaches software to the vehicle that does everything at once, and an echo to the hub. */
export async function openCommandRound(system: TestSystem): Promise<CommandRound> {
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
  return {
    command,
    echo,
    close: async () => {
      over.abort();
      await software;
      await Promise.all([asking.close(), answering.close()]);
    },
  };
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
