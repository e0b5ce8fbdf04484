/** An operator and the quarantine of a real system: a batch that the log held too early is stored, another given up. */
import { deepStrictEqual as equal } from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { batchOf, damaged, recordsOf } from "#cloud/ingest/testing/stage.ts";
import { parseStream } from "#proto/ids.ts";
import { encodeShape, makeShape } from "#proto/shape.ts";
import { shapeBucket } from "#proto/subjects.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { asAdmin, genuineHeader, putIntoLog } from "./log_access.ts";
import { patience } from "./patience.ts";

interface Entry {
  readonly id: string;
  readonly code: string;
  readonly state: string;
}

const path = "/v1/vehicles/drone-001/quarantine";
const late = makeShape(parseStream("late"), [{ name: "a", type: "f64" }]);

Deno.test("a batch that was kept aside is retried and another dropped over the query API, and stays so after a crash", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const header = await genuineHeader(system);
    const items = [
      { ...batchOf(recordsOf({ first: 1, last: 3 }, { shape: late })), header },
      { ...damaged(batchOf(recordsOf({ first: 4, last: 5 }))), header },
    ];
    await asAdmin(system, (nats) => putIntoLog(nats, items));
    const kept = await entriesOf(system, 2);
    const [unknown, broken] = ["unknown_shape", "bad_batch"].map((code) => kept.find((entry) => entry.code === code)!);
    equal(await ask(system, "POST", `${path}/${unknown.id}/retry`), [422, "unknown_shape"]);
    await putShape(system);
    equal(await ask(system, "POST", `${path}/${unknown.id}/retry`), [200, "retried"]);
    equal((await system.rows({ vehicle_id: "drone-001", stream: "late" })).map(({ a }) => a), [1, 2, 3]);
    equal(await ask(system, "DELETE", `${path}/${broken.id}`), [200, "dropped"]);
    equal(await ask(system, "POST", `${path}/${broken.id}/retry`), [409, "already_decided"]);

    const cloud = system.running.keeper.pids().find(({ name }) => name === "cloud");
    Deno.kill(cloud!.pid, "SIGKILL");
    const states = async () => (await entriesOf(system, 2)).map(({ state }) => state).sort();
    await waitFor("the cloud", async () => (await states().catch(() => undefined)), patience);
    equal(await states(), ["dropped", "retried"]);
  });
});

async function putShape(system: TestSystem): Promise<void> {
  await asAdmin(system, async (nats) => {
    const bucket = await new Kvm(jetstream(nats)).open(shapeBucket);
    await bucket.put(late.hash, encodeShape(late));
  });
}

async function entriesOf(system: TestSystem, count: number): Promise<Entry[]> {
  return await waitFor(`${count} entries`, async () => {
    const { entries } = await system.query(path) as unknown as { entries: Entry[] };
    return entries.length === count ? entries : undefined;
  }, patience);
}

/** Status, and the problem's code or the entry's state. */
async function ask(system: TestSystem, method: string, path: string): Promise<[number, string]> {
  const answer = await fetch(`http://127.0.0.1:${system.layout.ports.query}${path}`, {
    method,
    headers: { authorization: `Bearer ${system.running.token}` },
  });
  const { code, state } = await answer.json();
  return [answer.status, answer.ok ? state : code];
}
