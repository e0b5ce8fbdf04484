import { deepStrictEqual as equal, rejects, strictEqual } from "node:assert/strict";
import { makeCommandId } from "#proto/command_id.ts";
import { parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { MemoryDocuments } from "../lib/documents/testing/memory_documents.ts";
import { CommandBook } from "./command_book.ts";
import { acceptedRecord, acted, isOpen } from "./record.ts";

async function opened(documents = new MemoryDocuments()) {
  const clock = new VirtualClock();
  const errors: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (message) => errors.push(message) };
  const book = new CommandBook({ documents, clock, log });
  await book.load();
  return { book, clock, documents, errors };
}

function recordOf(number: number, vehicle = "a") {
  const about = { id: makeCommandId(number, new Uint8Array(10)), vehicle: parseVehicleId(vehicle), type: "rtl" };
  const rest = { data: "{}", priority: "normal", issuer: "t", reason: "", createdAtMs: 1, deadlineAtMs: 2 };
  return acceptedRecord({ ...about, ...rest, class: "motion" });
}

const cancelled = (record: ReturnType<typeof recordOf>) => acted(record, "cancel", { atMs: 1 });

Deno.test("commands are listed newest first, page by page, by vehicle and state", async () => {
  const { book } = await opened();
  const all = [1, 2, 3, 4].map((number) => recordOf(number, number % 2 === 0 ? "even" : "odd"));
  for (const record of all) await book.create(record);
  const times = (filter: Partial<Parameters<typeof book.list>[0]>) => {
    const { records, more } = book.list({ limit: 10, ...filter });
    return [records.map(({ id }) => parseInt(id.slice(0, 13).replace("-", ""), 16)), more];
  };
  equal(times({ limit: 3 }), [[4, 3, 2], true]);
  equal(times({ before: all[1].id }), [[1], false]);
  equal(times({ vehicle: parseVehicleId("even") }), [[4, 2], false]);
  await book.update(all[0].id, cancelled);
  equal(times({ state: "cancelled" }), [[1], false]);
});

Deno.test("a change is made on what is there, also by another instance", async () => {
  const { book, documents } = await opened();
  const { book: other } = await opened(documents);
  const record = await book.create(recordOf(1));
  equal(await other.create({ ...record, issuer: "another" }), record);
  equal((await other.update(record.id, cancelled)).record.state, "cancelled");
  equal(await book.update(record.id, cancelled), { record: await book.find(record.id), isChanged: false });
  equal([book.openCount(record.vehicle), [...book.open()]], [0, []]);
  await rejects(book.update(recordOf(9).id, cancelled), { code: "not_found" });
});

Deno.test("whoever waits is woken by the change, or by time", async () => {
  const { book, clock } = await opened();
  const { id } = await book.create(recordOf(1));
  let woken = 0;
  const condition = (record: ReturnType<typeof recordOf>) => !isOpen(record);
  const waiting = book.until(id, { condition, limitMs: 5_000 }).then(() => woken++);
  await clock.advance(4_000);
  strictEqual(woken, 0);
  await book.update(id, cancelled);
  await clock.run(waiting);
  const { id: other } = await book.create(recordOf(2));
  const late = book.until(other, { condition, limitMs: 1_000 });
  await clock.advance(1_000);
  await late;
  const held = book.until(other, { condition, limitMs: 1_000_000 });
  await clock.advance(1_000);
  book.close();
  await held;
});

Deno.test("a document that cannot be read is told and hides no other", async () => {
  const documents = new MemoryDocuments();
  await documents.put("no id", "{}");
  await documents.put(recordOf(1).id, "{}");
  const { book, errors } = await opened(documents);
  await book.create(recordOf(2));
  equal([errors.length, book.list({ limit: 9 }).records.length], [2, 1]);
});
