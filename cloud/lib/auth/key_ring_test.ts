import { deepStrictEqual as equal, rejects, strictEqual, throws } from "node:assert/strict";
import { MemoryDocuments } from "../documents/testing/memory_documents.ts";
import { secretHash } from "./api_key.ts";
import { type KeyRecord, keyText } from "./key_record.ts";
import { KeyRing } from "./key_ring.ts";

const record: KeyRecord = {
  ...{ id: "a", name: "Pilot", hash: secretHash("s"), role: "operator", groups: ["north"] },
  ...{ createdBy: "token", createdAtMs: 0, expiresAtMs: 1_000 },
};

async function ringOf(documents: MemoryDocuments) {
  const errors: string[] = [];
  const ring = new KeyRing({ debug() {}, info() {}, warn() {}, error: (message) => errors.push(message) });
  await ring.load(documents);
  return { ring, errors };
}

Deno.test("a key is its owner's, until it expires or is revoked", async () => {
  const documents = new MemoryDocuments();
  await documents.put("a", keyText(record));
  const { ring } = await ringOf(documents);
  equal(ring.principalOf({ id: "a", secret: "s" }, 999), {
    id: "key:a",
    name: "Pilot",
    role: "operator",
    groups: ["north"],
  });
  for (const [id, secret, nowMs] of [["a", "x", 0], ["b", "s", 0], ["a", "s", 1_000]] as const) {
    throws(() => ring.principalOf({ id, secret }, nowMs), { code: "unauthorized" });
  }
  await documents.put("a", keyText({ ...record, revokedAtMs: 5 }));
  throws(() => ring.principalOf({ id: "a", secret: "s" }, 6), { code: "unauthorized" });
});

Deno.test("before the keys are known nobody is told that his is wrong", async () => {
  const ring = new KeyRing({ debug() {}, info() {}, warn() {}, error() {} });
  throws(() => ring.principalOf({ id: "a", secret: "s" }, 0), { code: "unavailable" });
  const documents = new MemoryDocuments();
  documents.isAway = true;
  await rejects(ring.load(documents), { code: "unavailable" });
});

Deno.test("what cannot be read lets nobody in", async () => {
  const documents = new MemoryDocuments();
  await documents.put("a", keyText(record));
  const { ring, errors } = await ringOf(documents);
  await documents.put("a", "{}");
  throws(() => ring.principalOf({ id: "a", secret: "s" }, 0), { code: "unauthorized" });
  strictEqual(errors.length, 1);
});
