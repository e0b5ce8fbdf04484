import { deepStrictEqual as equal, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "#proto/testing/clock.ts";
import { type AuditFact, AuditLog, ChainCheck, readEntry } from "./audit_log.ts";
import { auditScenarios } from "./audit_suite.ts";
import { MemoryAudit } from "./testing/memory_audit.ts";

for (const [name, run] of Object.entries(auditScenarios)) {
  Deno.test(`an audit log in memory: ${name}`, () => run(new MemoryAudit()));
}

const fact: AuditFact = {
  who: "key:1",
  name: "Pilot",
  what: "POST /v1/commands",
  why: "",
  where: "commands",
  outcome: 200,
};

async function filled(count: number): Promise<MemoryAudit> {
  const store = new MemoryAudit();
  const clock = new VirtualClock();
  // Two services write by turns, and neither knows of the other's last.
  const logs = [new AuditLog(store, clock), new AuditLog(store, clock)];
  for (let i = 0; i < count; i++) await logs[i % 2].append({ ...fact, why: `${i}` });
  return store;
}

Deno.test("what two services write is one chain", async () => {
  const store = await filled(6);
  const chain = new ChainCheck();
  equal([chain.check(store.entries.slice(0, 4)), chain.check(store.entries.slice(4)), chain.checked], [
    undefined,
    undefined,
    6,
  ]);
  equal(store.entries.map(({ text }) => readEntry(text).why), ["0", "1", "2", "3", "4", "5"]);
});

Deno.test("whatever is changed, taken out or put in is found", async () => {
  const { entries } = await filled(8);
  const change = fc.record({
    at: fc.nat({ max: 6 }),
    kind: fc.constantFrom("change", "drop", "swap", "insert", "garbage"),
  });
  fc.assert(fc.property(change, ({ at, kind }) => {
    const texts = entries.map(({ text }) => text);
    if (kind === "change") texts[at] = texts[at].replace('"outcome":200', '"outcome":403');
    if (kind === "drop") texts.splice(at, 1);
    if (kind === "swap") [texts[at], texts[at + 1]] = [texts[at + 1], texts[at]];
    if (kind === "insert") texts.splice(at, 0, texts[at]);
    if (kind === "garbage") texts[at] = "{}";
    const found = new ChainCheck().check(texts.map((text, i) => ({ sequence: i + 1, text })));
    ok(
      found !== undefined && found.sequence >= at + 1 && found.sequence <= at + 2,
      `${kind} at ${at}: ${found?.sequence}`,
    );
  }));
  strictEqual(new ChainCheck().check(entries.slice(1))?.reason, "it is missing");
});

Deno.test("a log in which others write all the time is told as such", async () => {
  const store = new MemoryAudit();
  store.append = () => Promise.resolve(undefined);
  await rejects(new AuditLog(store, new VirtualClock()).append(fact), { code: "unavailable" });
});
