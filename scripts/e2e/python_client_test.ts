/** The Python client on a real agent, under a real cloud: a frame up, a command down, one that fails, and a stop. */
import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const software = `
import sys, threading
from systemscale import Agent
agent = Agent(sys.argv[1], name="python")
print("log", agent.log({"volts": 15.5}, stream="battery"), flush=True)

@agent.on_command
def do(command):
    print("command", command.type, flush=True)
    if command.type == "land":
        raise RuntimeError("no ground")
    if command.type == "goto":
        command.progress({"percent": 10})
        command.ended.wait(30)
        raise RuntimeError("ended")

@agent.on_stop
def stop(number):
    print("stop", flush=True)

agent.run()
`;

const hasPython = await new Deno.Command("python3", { args: ["--version"] }).output().then(
  ({ success }) => success,
  () => false,
);
if (!hasPython) console.log("The Python client is not tested: there is no python3 on the PATH");

Deno.test({
  name: "software in Python logs, does commands, fails one, and stops",
  // Left out where there is no Python.
  ignore: !hasPython,
  fn: async () => {
    await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
      const { layout: { ports }, running: { token } } = system;
      const ask = async (port: number, path: string, body?: unknown) => {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
        const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
        return { status: response.status, body: await response.json() };
      };
      await ask(ports.fleet, "/v1/vehicles", { vehicle_id: "drone-001", type: "rover", name: "Py" });
      const folder = fileURLToPath(new URL("../../edge/sdk/python", import.meta.url));
      const python = new Deno.Command("python3", {
        args: ["-c", software, system.agentUrl()],
        env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
        stdout: "piped",
      }).spawn();
      try {
        const command = (type: string, { data = {}, waitMs = 5_000 } = {}) =>
          ask(ports.commands, "/v1/commands", { vehicle_id: "drone-001", type, data, wait_ms: waitMs });
        await waitFor("a command to be done", async () => {
          const { body } = await command("hold");
          return body.state === "succeeded" || undefined;
        }, patience);
        const failed = (await command("land")).body;
        equal([failed.state, failed.steps.at(-1).detail], ["failed", "no ground"]);
        const { command_id: id } = (await command("goto", { data: { latitude: 47, longitude: 8 }, waitMs: 0 })).body;
        const shown = async () => (await ask(ports.commands, `/v1/commands/${id}`)).body;
        await waitFor("its progress", async () => (await shown()).result?.percent === 10 || undefined, patience);
        await ask(ports.commands, "/v1/vehicles/drone-001/stop", {});
        await waitFor("its end", async () => (await shown()).state === "superseded" || undefined, patience);
      } finally {
        python.kill("SIGTERM");
      }
      const { stdout } = await python.output();
      const lines = new TextDecoder().decode(stdout).trim().split("\n");
      strictEqual(lines[0], "log durable");
      ok(lines.includes("stop") && lines.includes("command goto"), lines.join(", "));
      const rows = await system.rows({ vehicle_id: "drone-001", stream: "battery" });
      strictEqual(rows[0].volts, 15.5);
    });
  },
});
