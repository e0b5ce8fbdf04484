/**
 * A store that is taken back to an older backup, while the log has nothing of what came since: the vehicle is asked for
 * it, sends it again from its ring, and everything is queryable once. The agent is linked throughout.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { jetstreamManager } from "@nats-io/jetstream";
import { connectNats } from "#proto/io/nats.ts";
import { telemetryStream } from "#proto/subjects.ts";
import { writeConfigs } from "../dev/configs.ts";
import { keepUnits } from "../dev/keeper.ts";
import { type Layout, pathsOf } from "../dev/layout.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { unitsOf } from "../dev/units.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { freeLayout, questioned, type TestSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const framesEach = 400;

Deno.test("a store taken back to a backup asks the vehicles for what it lacks, and has all of it once", async () => {
  const layout = await freeLayout({ store: "sqlite" });
  const passwords = await ensureSecrets(layout.state);
  await writeConfigs(layout, passwords);
  const units = unitsOf(layout, { natsServer: await obtainNatsServer(() => {}), passwords });
  const named = (...names: string[]) => units.filter(({ plan }) => names.includes(plan.name));
  const say = () => {};
  const servers = await keepUnits(named("hub", "leaf"), { say });
  let cloud = await keepUnits(named("cloud"), { say });
  const field = await keepUnits(named("relay", "agent-drone-001"), { say });
  const token = await Deno.readTextFile(`${layout.state}/operator.token`);
  const system = questioned(layout, { running: { keeper: cloud, units, token }, said: [] });
  try {
    const { boot } = await statusOf(system);
    const sent = await post(system, 0);
    await waitForVerdicts(system);
    const backup = takeBackup(layout);
    for (const [key, n] of await post(system, framesEach)) sent.set(key, n);
    await waitForVerdicts(system);
    await cloud.stop();
    await forgetLog(layout, passwords.admin);
    await restore(layout, backup);
    cloud = await keepUnits(named("cloud"), { say });
    await waitFor("all frames", async () => (await rowsOf(system)).length >= sent.size || undefined, patience);
    await waitForVerdicts(system);
    const rows = await rowsOf(system);
    strictEqual(rows.length, sent.size);
    deepStrictEqual(new Map(rows.map((row) => [`${row.epoch}/${row.seq}`, row.n])), sent);
    // Services report their figures now and then.
    await waitFor("the count of it", async () => await askedAgain(layout) >= framesEach || undefined, patience);
    strictEqual((await statusOf(system)).boot, boot);
    // What comes now is committed as ever.
    await post(system, 2 * framesEach);
    await waitForVerdicts(system);
    strictEqual((await rowsOf(system)).length, 3 * framesEach);
  } finally {
    await Promise.all([field.stop(), cloud.stop()]);
    await servers.stop();
    await Deno.remove(layout.state, { recursive: true });
  }
});

interface Status {
  readonly boot: string;
  readonly unsettled: readonly unknown[];
}

async function statusOf(system: TestSystem): Promise<Status> {
  return await (await fetch(`${system.agentUrl()}/v1/status`)).json();
}

async function waitForVerdicts(system: TestSystem): Promise<void> {
  await waitFor("all verdicts", async () => (await statusOf(system)).unsettled.length === 0 || undefined, patience);
}

/** Posts frames numbered from there on; returns their numbers by epoch and seq, once all are durable on board. */
async function post(system: TestSystem, from: number): Promise<Map<string, number>> {
  const numbers = Array.from({ length: framesEach }, (_, i) => from + i);
  const response = await fetch(`${system.agentUrl()}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(numbers.map((n) => ({ stream: "restored", data: { n } }))),
  });
  strictEqual(response.status, 200);
  const { results } = await response.json() as { results: { epoch: string; seq: number; state: string }[] };
  ok(results.every(({ state }) => state === "durable" || state === "buffered"));
  return new Map(results.map(({ epoch, seq }, i) => [`${epoch}/${seq}`, numbers[i]]));
}

async function rowsOf(system: TestSystem) {
  return await system.rows({ vehicle_id: "drone-001", stream: "restored" }).catch(() => []);
}

/** Copies the store while it is in use, and looks into the copy: it holds what was sent before, and no more. */
function takeBackup(layout: Layout): string {
  const path = `${layout.state}/backup.db`;
  const live = new DatabaseSync(pathsOf(layout.state).sqlite);
  live.prepare("VACUUM INTO ?").run(path);
  live.close();
  const copy = new DatabaseSync(path, { readOnly: true });
  strictEqual(copy.prepare("SELECT count(*) AS count FROM restored").get()?.count, framesEach);
  copy.close();
  return path;
}

async function restore(layout: Layout, backup: string): Promise<void> {
  const { sqlite } = pathsOf(layout.state);
  for (const end of ["-wal", "-shm"]) await Deno.remove(sqlite + end).catch(() => undefined);
  await Deno.copyFile(backup, sqlite);
}

/** The log keeps a day; a backup may be older than that. */
async function forgetLog(layout: Layout, password: string): Promise<void> {
  const servers = [`127.0.0.1:${layout.ports.hub}`];
  const admin = await connectNats({ servers, user: "admin", password, name: "test", inboxPrefix: "_INBOX_test" });
  try {
    const { purged } = await (await jetstreamManager(admin)).streams.purge(telemetryStream);
    ok(purged > 0);
  } finally {
    await admin.close();
  }
}

async function askedAgain(layout: Layout): Promise<number> {
  const metrics = await tryFetch(`http://127.0.0.1:${layout.ports.cloudPrivate}/metrics`) ?? "";
  return Number(/^ingest_asked_again_records_total(?:\{[^}]*\})? ([0-9]+)$/m.exec(metrics)?.[1]);
}
