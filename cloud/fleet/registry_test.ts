import { deepStrictEqual as equal, ok, rejects, strictEqual } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { StoredDocument } from "../lib/documents/documents.ts";
import { Registry } from "./registry.ts";
import { MemoryDocuments } from "../lib/documents/testing/memory_documents.ts";

const drone = parseVehicleId("drone-001");
const wish = { type: "rover", name: "R", tags: {}, groups: [] };

async function opened(documents = new MemoryDocuments()) {
  const clock = new VirtualClock();
  const errors: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (message) => errors.push(message) };
  const registry = new Registry({ documents, clock, log });
  await registry.load();
  return { registry, documents, clock, errors };
}

Deno.test("a vehicle is registered once; the same again is known, other content is refused", async () => {
  const { registry } = await opened();
  const first = await registry.register(drone, wish);
  strictEqual(first.isNew, true);
  equal(await registry.register(drone, { ...wish }), { entry: first.entry, isNew: false });
  await rejects(registry.register(drone, { ...wish, name: "S" }), { code: "registered_otherwise" });
  equal(registry.known(drone), first.entry);
});

Deno.test("an archived vehicle is out of operation, stays to be found, and can be registered again", async () => {
  const { registry, clock } = await opened();
  await registry.register(drone, wish);
  strictEqual(registry.isRegistered(drone), true);
  await clock.advance(1_000);
  const gone = await registry.archive(drone, "any");
  ok(gone.registration.archivedAtMs !== undefined);
  equal(await registry.archive(drone, "any"), gone);
  strictEqual(registry.isRegistered(drone), false);
  await rejects(registry.change(drone, { change: { name: "S" }, seen: "any" }), { code: "not_found" });
  const again = await registry.register(drone, { ...wish, name: "S" });
  equal([again.isNew, again.entry.registration.name, again.entry.registration.archivedAtMs], [true, "S", undefined]);
  strictEqual(registry.isRegistered(drone), true);
});

Deno.test("a change that was made from an older reading is refused", async () => {
  const { registry } = await opened();
  const { entry } = await registry.register(drone, wish);
  const seen = [entry.revision];
  const next = await registry.change(drone, { change: { name: "S" }, seen });
  ok(next.revision > entry.revision);
  await rejects(registry.change(drone, { change: { name: "T" }, seen }), { code: "changed_meanwhile" });
  await rejects(registry.archive(drone, seen), { code: "changed_meanwhile" });
  equal((await registry.find(drone))?.registration.name, "S");
});

Deno.test("two instances see each other's writes, and neither overwrites the other unseen", async () => {
  const { registry: a, documents } = await opened();
  const { registry: b } = await opened(documents);
  await a.register(drone, wish);
  strictEqual(b.isRegistered(drone), true);
  const names = await Promise.all(
    [a, b].map((one, i) => one.change(drone, { change: { tags: { [`t${i}`]: "x" } }, seen: "any" })),
  );
  equal(names.length, 2);
  // Each was made from what the other had left.
  equal((await a.find(drone))?.registration.tags, { t0: "x", t1: "x" });
});

Deno.test("what is overtaken again and again is refused in the end", async () => {
  class Contended extends MemoryDocuments {
    override replace(_document: StoredDocument): Promise<undefined> {
      return Promise.resolve(undefined);
    }
  }
  const { registry } = await opened(new Contended());
  await registry.register(drone, wish);
  await rejects(registry.change(drone, { change: { name: "S" }, seen: "any" }), { code: "changed_meanwhile" });
});

Deno.test("a document that cannot be read is told and hides no other", async () => {
  const documents = new MemoryDocuments();
  await documents.put("broken", "{");
  await documents.put("no id!", "{}");
  const { registry, errors } = await opened(documents);
  await registry.register(drone, wish);
  equal([errors.length, [...registry.idsAfter(undefined)]], [2, [drone]]);
});

Deno.test("ids come in order, behind any text", async () => {
  const { registry } = await opened();
  for (const id of ["b", "a", "d"]) await registry.register(parseVehicleId(id), wish);
  equal([...registry.idsAfter(undefined)], ["a", "b", "d"]);
  await registry.register(parseVehicleId("c"), wish);
  equal([...registry.idsAfter("b")], ["c", "d"]);
  equal([...registry.idsAfter("bb")], ["c", "d"]);
  equal([...registry.idsAfter("d")], []);
});

Deno.test("what is not registered cannot be changed, and a store that is away is told as such", async () => {
  const { registry, documents } = await opened();
  await rejects(registry.change(drone, { change: {}, seen: "any" }), { code: "not_found" });
  documents.isAway = true;
  await rejects(registry.register(drone, wish), { code: "unavailable" });
  await rejects(registry.find(drone), { code: "unavailable" });
});
