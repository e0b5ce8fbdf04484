/**
 * Several cloud processes work at once over one store: they share the partitions fairly, and when one is killed under load the
 * others take its partitions over; nothing is lost, nothing is double.
 */
import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openLeases } from "#cloud/ingest/io/lease.ts";
import type { LeaseBoard } from "#cloud/ingest/ownership.ts";
import type { Sight } from "#cloud/ingest/shares.ts";
import { openSqlite } from "#cloud/lib/store/io/sqlite.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { connectNats } from "#proto/io/nats.ts";
import { partitionCount } from "#proto/limits.ts";
import { partitionOf } from "#proto/subjects.ts";
import { pathsOf } from "../dev/layout.ts";
import { replayFlight } from "../replay/replay_flight.ts";
import { type Child, startChild } from "../servers/child.ts";
import { freePorts } from "../servers/ports.ts";
import { waitFor } from "../servers/wait.ts";
import { assertSameFrame, flightFiles, parseFrame } from "./flights.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

const framesMax = 8_000;
/** Part of the first replay that is durable when a process is killed. */
const killedAt = 0.3;
/** A dead one's leases end after 15 s, and the machine may be busy. */

Deno.test("workers share partitions fairly; one killed under load is replaced, nothing is lost or double", async () => {
  await withSystem(await freeLayout({ store: "sqlite", vehicles: 3 }), async (system) => {
    const nats = await connectToHub(system);
    const board = await openLeases(nats, { instance: "observer", run: "observer" });
    const workers: Child[] = [];
    try {
      workers.push(await startWorker(system, "second"));
      await sharedBy(board, ["dev", "second"]);
      const { owners } = await board.look();
      const ownerOf = (vehicle: string) => owners.get(partitionOf(parseVehicleId(vehicle)));
      const vehicles = system.layout.vehicles.toSorted((a, b) =>
        ownerOf(b) === "second" ? 1 : ownerOf(a) === "second" ? -1 : 0
      );
      strictEqual(ownerOf(vehicles[0]), "second");
      const before = await placeOf(system, vehicles[0]);

      const taken = await Promise.all(
        vehicles.slice(0, 2).map((vehicle, at) => {
          const kill = at === 0 ? () => workers[0].kill("SIGKILL") : () => {};
          return replay(system, vehicle, kill);
        }),
      );
      strictEqual(await workers[0].ended, "signal SIGKILL");
      equal([...new Set((await board.look()).owners.values())], ["dev"]);

      workers.push(await startWorker(system, "third"));
      await sharedBy(board, ["dev", "third"]);
      await waitFor("a place behind the one that was left", async () => {
        return await placeOf(system, vehicles[0]) > before || undefined;
      }, patience);
      for (const [at, frames] of taken.entries()) await assertAllThereOnce(system, vehicles[at], frames);
    } finally {
      for (const worker of workers) await worker.stop(5_000);
      await nats.close();
    }
  });
});

async function connectToHub({ layout }: TestSystem) {
  const { ingest } = JSON.parse(await Deno.readTextFile(pathsOf(layout.state).secrets)) as { ingest: string };
  const servers = [`127.0.0.1:${layout.ports.hub}`];
  return await connectNats({ servers, user: "ingest", password: ingest, name: "test", inboxPrefix: "_INBOX_ingest" });
}

/** A cloud process that does nothing but ingest, over the system's store. */
async function startWorker({ layout }: TestSystem, instance: string): Promise<Child> {
  const paths = pathsOf(layout.state);
  const config = parse(await Deno.readTextFile(paths.cloudConfig)) as Record<string, unknown>;
  const [port] = freePorts(1);
  const file = `${layout.state}/${instance}.yaml`;
  const own = { ...config, instance, services: ["ingest"], private_address: `127.0.0.1:${port}` };
  await Deno.writeTextFile(file, stringify(own));
  const script = fileURLToPath(new URL("../../cloud/main.ts", import.meta.url));
  return startChild({
    name: instance,
    command: Deno.execPath(),
    args: ["run", "--quiet", "--frozen", "-A", script],
    env: { SYSTEMSCALE_CONFIG: file },
    logFile: paths.log(instance),
  });
}

/** Waits until all partitions are owned by these, in shares that differ by one at most. */
async function sharedBy(board: LeaseBoard, instances: readonly string[]): Promise<void> {
  let seen: Sight | undefined;
  const isFair = async () => {
    seen = await board.look();
    const owners = [...seen.owners.values()];
    const sizes = instances.map((instance) => owners.filter((owner) => owner === instance).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    return (total === partitionCount && Math.max(...sizes) - Math.min(...sizes) <= 1) || undefined;
  };
  try {
    await waitFor(`fair shares of ${instances}`, isFair, patience);
  } catch (error) {
    throw new Error(`Shares are ${Deno.inspect(seen)}`, { cause: error });
  }
}

/** The last place of the vehicle's partition that its owners wrote down. */
async function placeOf({ layout }: TestSystem, vehicle: string): Promise<number> {
  const store = createStore(openSqlite({ path: pathsOf(layout.state).sqlite }));
  const checkpoint = await store.checkpoint(partitionOf(parseVehicleId(vehicle)));
  await store.close();
  const place = checkpoint?.places.at(-1);
  return Math.max(place?.live ?? 0, place?.backfill ?? 0);
}

async function replay(system: TestSystem, vehicle: string, kill: () => void): Promise<Map<string, string>> {
  const taken = new Map<string, string>();
  const result = await replayFlight({
    file: flightFiles[1],
    framesMax,
    agentUrl: system.agentUrl(vehicle),
    speed: "max",
    onTaken: (line, { epoch, seq }) => taken.set(`${epoch}/${seq}`, line),
    onProgress: ({ taken, total }) => taken >= total * killedAt && kill(),
  });
  strictEqual(result.refused.length, 0);
  strictEqual(result.committed, framesMax);
  return taken;
}

async function assertAllThereOnce(
  system: TestSystem,
  vehicle: string,
  taken: ReadonlyMap<string, string>,
): Promise<void> {
  const missing = new Set(taken.keys());
  const streams = new Set(Array.from(taken.values(), (line) => parseFrame(line).stream));
  for (const stream of streams) {
    for (const row of await system.rows({ vehicle_id: vehicle, stream })) {
      const key = `${row.epoch}/${row.seq}`;
      ok(missing.delete(key), `${key} of ${vehicle} is in the store twice, or was never taken`);
      assertSameFrame(row, parseFrame(taken.get(key)!));
    }
  }
  equal([...missing], []);
}
