/** What every {@link AuditStore} does; run by each implementation's test, on a fresh one. */
import { deepStrictEqual as equal } from "node:assert/strict";
import type { AuditStore } from "./audit_log.ts";

/** The scenarios by their names. */
export const auditScenarios: Readonly<Record<string, (store: AuditStore) => Promise<void>>> = {
  "entries stand in order, each behind the one before": async (store) => {
    equal([await store.last(), await store.read(1, 10)], [undefined, []]);
    equal(await store.append(0, "a"), { sequence: 1, text: "a" });
    equal(await store.append(1, "b"), { sequence: 2, text: "b" });
    equal(await store.last(), { sequence: 2, text: "b" });
    equal((await store.read(1, 10)).map(({ text }) => text), ["a", "b"]);
    equal((await store.read(2, 10)).map(({ text }) => text), ["b"]);
    equal((await store.read(1, 1)).map(({ text }) => text), ["a"]);
  },
  "what another one overtook is not appended": async (store) => {
    await store.append(0, "a");
    equal(await store.append(0, "b"), undefined);
    const both = await Promise.all([store.append(1, "c"), store.append(1, "d")]);
    equal(both.filter((entry) => entry !== undefined).length, 1);
    equal((await store.read(1, 10)).length, 2);
  },
};
