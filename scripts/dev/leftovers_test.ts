import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { hasEnded } from "../servers/process_tree.ts";
import { endLeftovers, isRunning, writeRecord } from "./leftovers.ts";

/** A process that does nothing for a minute. */
function idler(): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: ["eval", "setTimeout(() => {}, 60_000)"], stdin: "null" }).spawn();
}

/** The pid of a process that has ended. */
async function gonePid(): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
}

function scenario(name: string, test: (file: string) => Promise<void>): void {
  Deno.test({
    name,
    // Other systems have no /proc, so nothing is ended there.
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      await test(join(folder, "running.json"));
      await Deno.remove(folder, { recursive: true });
    },
  });
}

scenario("children of a supervisor that is gone are ended", async (file) => {
  const child = idler();
  const children = [{ name: "relay", pid: child.pid, command: Deno.execPath() }];
  writeRecord(file, { supervisor: await gonePid(), children });
  equal(await isRunning(file), false);
  deepEqual(await endLeftovers(file), ["relay"]);
  equal(hasEnded(child.pid), true);
  equal((await child.status).signal, "SIGKILL");
  deepEqual(await endLeftovers(file), []);
});

scenario("children of a supervisor that lives are left alone", async (file) => {
  const child = idler();
  const children = [{ name: "relay", pid: child.pid, command: Deno.execPath() }];
  writeRecord(file, { supervisor: Deno.pid, children });
  equal(await isRunning(file), true);
  deepEqual(await endLeftovers(file), []);
  child.kill("SIGTERM");
  equal((await child.status).signal, "SIGTERM");
});

scenario("a pid that belongs to another program by now is left alone", async (file) => {
  const child = idler();
  const children = [{ name: "hub", pid: child.pid, command: "/bin/sh" }, {
    name: "cloud",
    pid: child.pid,
    command: "deno",
  }];
  writeRecord(file, { supervisor: await gonePid(), children });
  deepEqual(await endLeftovers(file), []);
  child.kill("SIGTERM");
  equal((await child.status).signal, "SIGTERM");
});

scenario("a record that is missing or was cut short names nobody", async (file) => {
  deepEqual([await isRunning(file), await endLeftovers(file)], [false, []]);
  await Deno.writeTextFile(file, '{ "supervisor": 1, "chil');
  deepEqual([await isRunning(file), await endLeftovers(file)], [false, []]);
});
