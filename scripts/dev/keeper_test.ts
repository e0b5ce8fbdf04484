import { deepEqual, match, notEqual, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../servers/wait.ts";
import { keepUnits } from "./keeper.ts";
import type { Unit } from "./units.ts";

const patience = { timeoutMs: 10_000, stepMs: 5 };

/** A process that runs some JavaScript. */
function unitOf(folder: string, { name, code }: { name: string; code: string }): Unit {
  return {
    plan: { name, command: Deno.execPath(), args: ["eval", code], logFile: join(folder, `${name}.log`) },
    ports: [],
    what: name,
    where: "",
    ready: () => Promise.resolve(true),
  };
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await test(folder);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("whoever keeps a record hears of every process, one that was started again too", async () => {
  await withFolder(async (folder) => {
    const idle = ["relay", "agent"].map((name) => unitOf(folder, { name, code: "setTimeout(() => {}, 60_000)" }));
    const said: string[] = [];
    const records: Record<string, number>[] = [];
    const keeper = await keepUnits(idle, {
      say: (line) => said.push(line),
      onStarted: (kept) => void records.push(Object.fromEntries(kept.pids().map(({ name, pid }) => [name, pid]))),
    });
    const [first] = records.slice(-1);
    deepEqual(Object.keys(first), ["relay", "agent"]);

    keeper.signal("agent", "SIGKILL");
    await waitFor(
      "a record of the new process",
      () => Promise.resolve(records.at(-1) !== first || undefined),
      patience,
    );
    const last = records[records.length - 1];
    deepEqual(last, Object.fromEntries(keeper.pids().map(({ name, pid }) => [name, pid])));
    deepEqual([last.relay, Object.keys(last).length], [first.relay, 2]);
    notEqual(last.agent, first.agent);
    match(said.join("\n"), /^agent ended \(signal SIGKILL\), starting it again; log: /);

    await keeper.stop();
    deepEqual(keeper.pids(), []);
  });
});

Deno.test("a start that is called off stops what runs by then", async () => {
  await withFolder(async (folder) => {
    const idle = unitOf(folder, { name: "hub", code: "setTimeout(() => {}, 60_000)" });
    const never: Unit = {
      ...unitOf(folder, { name: "leaf", code: "setTimeout(() => {}, 60_000)" }),
      ready: () => Promise.resolve(false),
    };
    const called = new AbortController();
    let pids: number[] = [];
    const starting = keepUnits([idle, never], {
      say: () => {},
      signal: called.signal,
      onStarted: (kept) => {
        pids = kept.pids().map(({ pid }) => pid);
        if (pids.length === 2) called.abort(new Error("called off"));
      },
    });
    await rejects(starting, /called off/);
    deepEqual(pids.length, 2);
    for (const pid of pids) throws(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
  });
});

Deno.test("what a unit wants done around its processes is done each time, and its failure is said", async () => {
  await withFolder(async (folder) => {
    const steps: string[] = [];
    const said: string[] = [];
    const store: Unit = {
      ...unitOf(folder, { name: "store", code: "setTimeout(() => {}, 60_000)" }),
      beforeStart: () => Promise.resolve(void steps.push("before")),
      afterEnd: () => {
        steps.push("after");
        return Promise.reject(new Error("no disk"));
      },
    };
    const keeper = await keepUnits([store], {
      say: (line) => said.push(line),
      onStarted: () => void steps.push("started"),
    });
    await waitFor("a process", () => Promise.resolve(keeper.pids().length || undefined), patience);
    keeper.signal("store", "SIGKILL");
    const again = () => Promise.resolve(steps.length >= 5 || undefined);
    await waitFor("the next process", again, patience);
    await keeper.stop();
    deepEqual(steps, ["before", "started", "after", "before", "started", "after"]);
    match(said.join("\n"), /^Cannot settle the end of store: no disk\nstore ended/);
  });
});
